"""Lock a process in: bubblewrap shows it little, limits and a cgroup bound it, a filter refuses system calls it never needs."""
