//! Forge cost, as text and JSON.

use super::{Colour, Paint, count, paragraph};
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use trust_evidence::{Catalogue, Class, Origin, SignalIx};
use trust_gates::ForgeCost;

/// The name of an origin.
pub fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Tee => "the TEE",
        Origin::Bootloader => "the bootloader",
        Origin::Kernel => "the kernel",
        Origin::Image => "the signed image",
        Origin::Init => "init's properties",
        Origin::SystemServer => "system_server",
        Origin::Keystore => "keystore2",
        Origin::Apexd => "apexd",
        Origin::UpdateEngine => "the update engine",
        Origin::Adbd => "adbd",
        Origin::Hal => "a vendor HAL",
        Origin::Logd => "logd",
        Origin::Root => "root's files",
        Origin::OtaServer => "the OTA server",
        Origin::Trustd => "trustd",
    }
}

/// Whether subverting an origin takes more than root in userland.
pub fn below_userland(origin: Origin) -> bool {
    matches!(origin, Origin::Tee | Origin::Bootloader | Origin::Kernel)
}

/// The forge cost as text.
pub fn text(catalogue: &Catalogue, cost: &ForgeCost, colour: Colour) -> String {
    let mut out = String::new();
    // Writing to a String can't fail.
    let _ = write(&mut out, catalogue, cost, colour);
    out
}

fn write(out: &mut String, catalogue: &Catalogue, cost: &ForgeCost, colour: Colour) -> fmt::Result {
    let signals = cost.forged.len() + cost.supplied.len();
    if signals == 0 {
        return writeln!(
            out,
            "Nothing would have to be forged: the policy calls this device compliant as it is."
        );
    }
    let below = cost.origins.iter().filter(|origin| below_userland(**origin)).count();
    writeln!(
        out,
        "{} to forge ({below} below userland), {}: {} forged, {} supplied",
        colour.paint(Paint::Strong, count(cost.origins.len(), "origin")),
        count(signals, "signal"),
        cost.forged.len(),
        cost.supplied.len()
    )?;
    writeln!(out, "\nAn attacker would have to control:")?;
    for name in &cost.origins {
        let own = |list: &[(SignalIx, Class)]| {
            list.iter().filter(|(ix, _)| catalogue.signal(*ix).is_some_and(|s| s.origin == *name)).count()
        };
        writeln!(
            out,
            "  {:<20} {} forged, {} supplied",
            origin(*name),
            own(&cost.forged),
            own(&cost.supplied)
        )?;
    }
    for (title, list) in [("Forged (were seen)", &cost.forged), ("Supplied (were missing)", &cost.supplied)] {
        let mut by_class: BTreeMap<std::cmp::Reverse<Class>, Vec<&str>> = BTreeMap::new();
        for (ix, class) in list {
            by_class.entry(std::cmp::Reverse(*class)).or_default().push(catalogue.id(*ix));
        }
        if !by_class.is_empty() {
            writeln!(out, "\n{title}, by class:")?;
        }
        for (std::cmp::Reverse(class), ids) in by_class {
            paragraph(out, &format!("  {class} "), &ids.join(", "))?;
        }
    }
    Ok(())
}

/// The forge cost as JSON.
pub fn json(catalogue: &Catalogue, cost: &ForgeCost) -> serde_json::Value {
    let list = |list: &[(SignalIx, Class)]| -> Vec<serde_json::Value> {
        let entry = |(ix, class): &(SignalIx, Class)| {
            let name = catalogue.signal(*ix).map(|signal| format!("{:?}", signal.origin).to_lowercase());
            serde_json::json!({ "signal": catalogue.id(*ix), "class": class.to_string(), "origin": name })
        };
        list.iter().map(entry).collect()
    };
    let below = cost.origins.iter().filter(|origin| below_userland(**origin)).count();
    serde_json::json!({
        "schema": "com.enigm.forge-cost/1",
        "origins": cost.origins.len(),
        "origins_below_userland": below,
        "signals": cost.forged.len() + cost.supplied.len(),
        "forged": list(&cost.forged),
        "supplied": list(&cost.supplied),
    })
}
