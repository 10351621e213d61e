package calibrate

// MiB is what reports and settings call a MB.
const MiB = 1 << 20

// Hour in seconds.
const Hour = 3600
