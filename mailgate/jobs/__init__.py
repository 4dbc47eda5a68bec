"""What happens by the clock: one file per job, each exporting JOB."""
