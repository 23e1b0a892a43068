"""Look into archives that nobody vouches for, and take single members out of them safely."""
