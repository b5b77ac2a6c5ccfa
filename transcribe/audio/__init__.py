"""From media files to 16 kHz mono, 16 bit, through the ffmpeg program and nothing else."""
