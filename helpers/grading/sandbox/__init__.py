"""Run a notebook's kernel where it can do no harm: under bubblewrap, without network and without anybody's files."""
