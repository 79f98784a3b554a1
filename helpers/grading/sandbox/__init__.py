"""Lock a process in: bubblewrap shows it little, rlimits and a cgroup bound it, and a filter refuses system calls it never needs."""
