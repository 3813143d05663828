"""What no webhook told: changes, pairs that differ, tickets made twice, and cases that a new mapping looks at anew."""
