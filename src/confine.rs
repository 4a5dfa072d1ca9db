//! What the daemon gives up: privileges that it could gain, files that it need not write, system calls that it need
//! not make. Whoever takes it over has what is left.
//!
//! On Android, SELinux confines it besides; on Linux, Landlock does.

use std::collections::BTreeMap;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Why the daemon could not confine itself.
#[derive(Debug, thiserror::Error)]
pub enum ConfineError {
    /// Landlock refused its rules.
    #[error("Landlock: {0}")]
    Landlock(String),
    /// The filter of system calls could not be made or installed.
    #[error("seccomp: {0}")]
    Seccomp(String),
}

/// How far the kernel restricts files and the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// Everything that was asked for.
    Whole,
    /// What this kernel knows of it.
    Partly,
    /// Nothing: the kernel has no Landlock.
    Not,
}

/// Gives up new privileges and, on kernels with Landlock, writing anywhere but in the state directory, executing,
/// TCP, and signals to other processes. For threads that start after it: call it before the first.
///
/// # Errors
/// The kernel has Landlock and refuses the rules.
pub fn files(state: &Path) -> Result<Files, ConfineError> {
    rustix::thread::set_no_new_privs(true).map_err(|errno| ConfineError::Landlock(errno.to_string()))?;
    let abi = ABI::V6;
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    // A socket is not opened as a file; a device (binder) is written to.
    let kept = AccessFs::from_all(abi) & !AccessFs::Execute;
    let rules = || -> Result<_, Box<dyn std::error::Error>> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(abi))?
            .handle_access(AccessNet::from_all(abi))?
            .scope(Scope::Signal)?
            .create()?
            .add_rule(PathBeneath::new(PathFd::new("/")?, read))?;
        // A directory that is not there yet can't be named: what comes there later is not written before a restart.
        if let Ok(state) = PathFd::new(state) {
            rules = rules.add_rule(PathBeneath::new(state, kept))?;
        }
        for device in ["/dev/binder", "/dev/binderfs", "/dev/null"] {
            if let Ok(device) = PathFd::new(device) {
                let used = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev | AccessFs::ReadDir;
                rules = rules.add_rule(PathBeneath::new(device, used))?;
            }
        }
        Ok(rules.restrict_self()?)
    };
    let status = rules().map_err(|error| ConfineError::Landlock(error.to_string()))?;
    Ok(match status.ruleset {
        RulesetStatus::FullyEnforced => Files::Whole,
        RulesetStatus::PartiallyEnforced => Files::Partly,
        RulesetStatus::NotEnforced => Files::Not,
    })
}

/// Gives up, for all threads, the system calls that the daemon does not make. They fail with EPERM, so that a library
/// that tries one goes on without it.
///
/// # Errors
/// The kernel refuses the filter.
pub fn calls() -> Result<(), ConfineError> {
    for filter in [legacy_threads(), allowed()] {
        let program: BpfProgram =
            filter.and_then(TryInto::try_into).map_err(|error| ConfineError::Seccomp(error.to_string()))?;
        seccompiler::apply_filter_all_threads(&program)
            .map_err(|error| ConfineError::Seccomp(error.to_string()))?;
    }
    Ok(())
}

type Filter = Result<SeccompFilter, seccompiler::BackendError>;

fn arch() -> Result<seccompiler::TargetArch, seccompiler::BackendError> {
    std::env::consts::ARCH.try_into()
}

/// clone3 keeps its flags in memory, which no filter reads: the C library starts threads by clone where there is none.
fn legacy_threads() -> Filter {
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let none = SeccompAction::Errno(u32::try_from(libc::ENOSYS).unwrap_or(1));
    SeccompFilter::new(rules, SeccompAction::Allow, none, arch()?)
}

fn allowed() -> Filter {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ANY.iter().map(|call| (*call, Vec::new())).collect();
    let number = |value: i32| u64::from(value.unsigned_abs());
    let argument = |index, op, value| SeccompCondition::new(index, SeccompCmpArgLen::Dword, op, value);
    let one_of = |index: u8, values: &[i32]| -> Result<Vec<SeccompRule>, seccompiler::BackendError> {
        values
            .iter()
            .map(|value| SeccompRule::new(vec![argument(index, SeccompCmpOp::Eq, number(*value))?]))
            .collect()
    };
    // Threads alone, no processes.
    let thread = argument(0, SeccompCmpOp::MaskedEq(number(libc::CLONE_THREAD)), number(libc::CLONE_THREAD))?;
    rules.insert(libc::SYS_clone, vec![SeccompRule::new(vec![thread])?]);
    // The buses and the kernel, no network.
    rules.insert(libc::SYS_socket, one_of(0, &[libc::AF_UNIX, libc::AF_NETLINK])?);
    // Memory is never both given to be executed and taken from no file.
    let not_executable = argument(2, SeccompCmpOp::MaskedEq(number(libc::PROT_EXEC)), 0)?;
    rules.insert(libc::SYS_mmap, vec![SeccompRule::new(vec![not_executable.clone()])?]);
    rules.insert(libc::SYS_mprotect, vec![SeccompRule::new(vec![not_executable])?]);
    // A thread names itself; a library looks up its page size.
    rules.insert(
        libc::SYS_prctl,
        one_of(0, &[libc::PR_SET_NAME, libc::PR_GET_NAME, PR_SET_VMA, PR_GET_AUXV])?,
    );
    // libbinder's stand-in copies a caller's context out of its own memory.
    let own = rustix::process::getpid().as_raw_pid();
    rules.insert(libc::SYS_process_vm_readv, one_of(0, &[own])?);
    rules.insert(libc::SYS_tgkill, one_of(0, &[own])?);
    // Limits are read, not set.
    let no_new = SeccompCondition::new(2, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)?;
    rules.insert(libc::SYS_prlimit64, vec![SeccompRule::new(vec![no_new])?]);
    let refused = SeccompAction::Errno(u32::try_from(libc::EPERM).unwrap_or(1));
    SeccompFilter::new(rules, refused, SeccompAction::Allow, arch()?)
}

/// Names anonymous memory for debuggers (bionic does, and glibc since 2.39).
const PR_SET_VMA: i32 = 0x5356_4d41;

/// Reads what the kernel told the process of itself (Linux 6.4).
const PR_GET_AUXV: i32 = 0x4155_5856;

/// Calls that are allowed with any argument.
const ANY: &[i64] = &[
    // Files, below what Landlock or SELinux leaves.
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_pwrite64,
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_statfs,
    libc::SYS_fstatfs,
    libc::SYS_lseek,
    libc::SYS_getdents64,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_ftruncate,
    libc::SYS_fallocate,
    libc::SYS_flock,
    libc::SYS_linkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_unlinkat,
    libc::SYS_mkdirat,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_utimensat,
    libc::SYS_getcwd,
    libc::SYS_fcntl,
    libc::SYS_dup,
    libc::SYS_dup3,
    libc::SYS_ioctl,
    // Events.
    libc::SYS_ppoll,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_eventfd2,
    libc::SYS_timerfd_create,
    libc::SYS_timerfd_settime,
    libc::SYS_timerfd_gettime,
    libc::SYS_inotify_init1,
    libc::SYS_inotify_add_watch,
    libc::SYS_inotify_rm_watch,
    libc::SYS_pipe2,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // The buses.
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept4,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_setsockopt,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_shutdown,
    // Memory and threads.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_membarrier,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_clone3,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Time, chance, and who we are.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_uname,
    libc::SYS_sysinfo,
    libc::SYS_getrusage,
    // The older names that x86_64 has besides.
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_rename,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_unlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_mkdir,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
];
