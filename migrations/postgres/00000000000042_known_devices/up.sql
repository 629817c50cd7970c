-- On which devices users signed in lately, by the tokens that the devices keep, as SHA-256: whoever shows one is not to be
-- kept out by strangers who guess.
CREATE TABLE known_devices (
    hash         BYTEA NOT NULL CHECK (octet_length(hash) = 32),
    user_id      BIGINT NOT NULL REFERENCES users (id),
    last_used_at BIGINT NOT NULL,
    PRIMARY KEY (hash)
);

CREATE INDEX known_devices_by_user ON known_devices (user_id, last_used_at);
CREATE INDEX known_devices_by_time ON known_devices (last_used_at);
