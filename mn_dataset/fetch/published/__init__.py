"""Import the published M&N: its two archives, FAIR-Play's clips, or what a person has of them."""
