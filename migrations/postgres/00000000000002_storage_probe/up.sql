-- One row that is written to see whether the database takes writes; nobody reads it.
CREATE TABLE storage_probe (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    at BIGINT NOT NULL
);

INSERT INTO storage_probe (id, at) VALUES (1, 0);
