-- Pinned messages: the pin's number in its group, when the message was pinned and by whom. Pins are listed by their
-- number, since a clock may be set back.

ALTER TABLE messages ADD COLUMN pin_seq INTEGER CHECK (pin_seq >= 1)
    CHECK (pin_seq IS NULL OR deleted_at IS NULL);
ALTER TABLE messages ADD COLUMN pinned_at INTEGER CHECK ((pinned_at IS NULL) = (pin_seq IS NULL));
ALTER TABLE messages ADD COLUMN pinned_by INTEGER REFERENCES users (id)
    CHECK ((pinned_by IS NULL) = (pin_seq IS NULL));

CREATE UNIQUE INDEX messages_by_pin ON messages (group_id, pin_seq) WHERE pin_seq IS NOT NULL;
