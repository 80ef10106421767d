"""Where things lie: a tree of stores, rooms, shelves and bins, and vehicles."""
