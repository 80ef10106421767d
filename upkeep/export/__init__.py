"""One backup as one file that anybody opens with tar, zstd and age: written out of the repository, and read back."""
