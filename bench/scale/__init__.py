"""At scale: a plan's charge for everybody on it, and as many charges that fall due, while others are served."""
