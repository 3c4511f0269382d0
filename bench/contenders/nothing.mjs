// Node's own start: the floor of every command.
process.exitCode = 0
