"""Worker processes: the fork server, the pipe, their logs and memory."""
