"""From media files to 16 kHz mono float32, through the ffmpeg program and nothing else."""
