//! The ten gates and what they ask, loaded from `gates/<id>/gate.toml`.

use crate::check::{Check, RawCheck};
use crate::rule::Rule;
use serde::Deserialize;
use std::ops::Range;
use toml::Spanned;
use trust_evidence::{Catalogue, Class, LoadError, from_toml};
use trust_posture::GateId;

/// The gate files, in the gates' order. Adding a gate is a folder and a line here.
const FILES: [(GateId, &str, &str); 10] = [
    (GateId::BuildIntegrity, "gates/build-integrity/gate.toml", include_str!("../build-integrity/gate.toml")),
    (GateId::BootIntegrity, "gates/boot-integrity/gate.toml", include_str!("../boot-integrity/gate.toml")),
    (
        GateId::RuntimeSecurity,
        "gates/runtime-security/gate.toml",
        include_str!("../runtime-security/gate.toml"),
    ),
    (
        GateId::PlatformConfiguration,
        "gates/platform-configuration/gate.toml",
        include_str!("../platform-configuration/gate.toml"),
    ),
    (
        GateId::NetworkSecurity,
        "gates/network-security/gate.toml",
        include_str!("../network-security/gate.toml"),
    ),
    (
        GateId::ApplicationExposure,
        "gates/application-exposure/gate.toml",
        include_str!("../application-exposure/gate.toml"),
    ),
    (
        GateId::PrivacyControls,
        "gates/privacy-controls/gate.toml",
        include_str!("../privacy-controls/gate.toml"),
    ),
    (
        GateId::DeviceManagement,
        "gates/device-management/gate.toml",
        include_str!("../device-management/gate.toml"),
    ),
    (
        GateId::UpdateIntegrity,
        "gates/update-integrity/gate.toml",
        include_str!("../update-integrity/gate.toml"),
    ),
    (
        GateId::SecurityMonitoring,
        "gates/security-monitoring/gate.toml",
        include_str!("../security-monitoring/gate.toml"),
    ),
];

/// A gate's words and objectives.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Which of the ten.
    pub id: GateId,
    /// Its name.
    pub title: Box<str>,
    /// What it asks.
    pub asks: Box<str>,
    /// Why that matters.
    pub matters: Box<str>,
    /// Its objectives, as indices into [`Gates::objectives`].
    pub objectives: Range<usize>,
}

/// An objective of a gate.
#[derive(Clone, Debug)]
pub struct Objective {
    /// Its id, unique among all gates.
    pub id: Box<str>,
    /// Its name.
    pub title: Box<str>,
    /// The gate it belongs to.
    pub gate: GateId,
    /// The weakest class that must stand behind a Pass; `None` where any will do.
    pub anchor: Option<Class>,
    /// Why its deciding checks rest on one origin alone, where they do.
    pub single_origin: Option<Box<str>>,
    /// Its checks, as indices into [`Gates::checks`].
    pub checks: Range<usize>,
}

/// All ten gates.
#[derive(Clone, Debug)]
pub struct Gates {
    gates: Vec<Gate>,
    objectives: Vec<Objective>,
    checks: Vec<Check>,
}

impl Gates {
    /// The built-in gates. An error here is a defect of this build, and a test finds it.
    pub fn built_in(catalogue: &Catalogue) -> Result<Gates, LoadError> {
        Self::load(catalogue, FILES)
    }

    /// Loads gate files: each gate with its file's name and text.
    pub fn load<'a>(
        catalogue: &Catalogue,
        files: impl IntoIterator<Item = (GateId, &'a str, &'a str)>,
    ) -> Result<Gates, LoadError> {
        let mut gates = Gates { gates: Vec::new(), objectives: Vec::new(), checks: Vec::new() };
        for (id, file, text) in files {
            gates.add(catalogue, id, file, text)?;
        }
        Ok(gates)
    }

    fn add(&mut self, catalogue: &Catalogue, id: GateId, file: &str, text: &str) -> Result<(), LoadError> {
        let raw: RawGate = from_toml(file, text)?;
        let error = |span: Range<usize>, message: String| LoadError::at(file, text, span, message);
        if raw.id.as_ref() != id.id() || raw.number != id.number() {
            let message = format!(
                "id = \"{}\", number = {}: expected {id}, {}",
                raw.id.as_ref(),
                raw.number,
                id.number()
            );
            return Err(error(raw.id.span(), message));
        }
        if let Some(check) = raw.check.iter().find(|check| {
            raw.objective.iter().all(|objective| objective.id.as_ref() != check.objective().as_ref())
        }) {
            let objective = check.objective();
            let message = format!("objective \"{}\": expected one of this gate", objective.as_ref());
            return Err(error(objective.span(), message));
        }
        let first = self.objectives.len();
        let mut left: Vec<Option<RawCheck>> = raw.check.into_iter().map(Some).collect();
        for objective in raw.objective {
            if self.objectives.iter().any(|other| *other.id == **objective.id.as_ref()) {
                return Err(error(
                    objective.id.span(),
                    format!("objective \"{}\" stands twice", objective.id.as_ref()),
                ));
            }
            let start = self.checks.len();
            let mine = |check: &mut RawCheck| check.objective().as_ref() == objective.id.as_ref();
            for check in left.iter_mut().filter_map(|check| check.take_if(mine)) {
                let span = check.objective().span();
                let check = check.compile(catalogue, self.objectives.len(), &error)?;
                if self.checks.iter().any(|other| other.code == check.code) {
                    return Err(error(span, format!("check \"{}\" stands twice", check.code)));
                }
                self.checks.push(check);
            }
            let checks = start..self.checks.len();
            let own = self.checks.get(checks.clone()).unwrap_or_default();
            if !own.iter().any(|check| check.decides() && check.rule != Rule::Agree) {
                let message = format!(
                    "objective \"{}\": expected a critical or major check that is not agree",
                    objective.id.as_ref()
                );
                return Err(error(objective.id.span(), message));
            }
            self.objectives.push(Objective {
                id: objective.id.into_inner().into(),
                title: objective.title,
                gate: id,
                anchor: objective.anchor,
                single_origin: objective.single_origin,
                checks,
            });
        }
        let objectives = first..self.objectives.len();
        self.check_agreement(catalogue, &objectives).map_err(|message| error(raw.id.span(), message))?;
        let RawGate { title, asks, matters, .. } = raw;
        self.gates.push(Gate { id, title, asks, matters, objectives });
        Ok(())
    }

    /// Each signal that an agree check reads has a deciding check of another kind in the same gate, so that
    /// sources which agree on a bad value still fail.
    fn check_agreement(&self, catalogue: &Catalogue, objectives: &Range<usize>) -> Result<(), String> {
        let own = || self.checks.iter().filter(|check| objectives.contains(&check.objective));
        let (agree, others): (Vec<_>, Vec<_>) = own().partition(|check| check.rule == Rule::Agree);
        for check in agree {
            let judged = |ix| others.iter().any(|other| other.decides() && other.reads.contains(ix));
            if let Some(ix) = check.reads.iter().find(|ix| !judged(ix)) {
                let id = catalogue.id(*ix);
                return Err(format!(
                    "check \"{}\" agrees on {id}: expected a deciding check of another kind on it",
                    check.code
                ));
            }
        }
        Ok(())
    }

    /// The gates in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Gate> {
        self.gates.iter()
    }

    /// Every objective, gate by gate.
    pub fn objectives(&self) -> &[Objective] {
        &self.objectives
    }

    /// Every check, objective by objective.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The gate with this id or number.
    pub fn find(&self, id: &str) -> Option<&Gate> {
        self.gates.iter().find(|gate| gate.id.id() == id || gate.id.number().to_string() == id)
    }

    /// The check with this code.
    pub fn check(&self, code: &str) -> Option<&Check> {
        self.checks.iter().find(|check| &*check.code == code)
    }

    /// The objective that a check belongs to.
    pub fn objective_of(&self, check: &Check) -> Option<&Objective> {
        self.objectives.get(check.objective)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGate {
    number: u8,
    id: Spanned<String>,
    title: Box<str>,
    asks: Box<str>,
    matters: Box<str>,
    objective: Vec<RawObjective>,
    check: Vec<RawCheck>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawObjective {
    id: Spanned<String>,
    title: Box<str>,
    anchor: Option<Class>,
    single_origin: Option<Box<str>>,
}
