"""How an application says that one of its admins may have something done. Standard library: the door uses it, too."""
