"""Decides which bug becomes which ticket, and writes that ticket. Pure: it reads mapping files and nothing else."""
