-- The settings that a server last had, each with a digest of its value: so a start can tell which were changed.
CREATE TABLE known_settings (
    name   TEXT COLLATE "C" NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    digest TEXT COLLATE "C" NOT NULL CHECK (length(digest) BETWEEN 1 AND 100),
    PRIMARY KEY (name)
);
