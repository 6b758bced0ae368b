"""Single files to copy into other projects: each speaks HTTP and imports nothing of ours."""
