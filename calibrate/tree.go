package calibrate

// GroupPrefix begins the name of every control group that calibrate makes. It writes to no other.
const GroupPrefix = "calibrate-"
