-- Reactions with any emoji. `messages.reactions` counts them, in the order in which each first came: `🎉:3 👍 ❤️:1`. It is
-- NULL unless there are others than likes. The number of likes is in `likes` alone, so messages from before need no change.
ALTER TABLE messages ADD COLUMN reactions TEXT COLLATE "C" CHECK (length(reactions) BETWEEN 1 AND 1000)
    CHECK (reactions IS NULL OR deleted_at IS NULL);

-- For what a reader of a page has given besides likes, which are joined.
CREATE INDEX reactions_by_user ON reactions (message_id, user_id) WHERE emoji <> '👍';

-- Events about reactions name them.
ALTER TABLE events ADD COLUMN emoji TEXT COLLATE "C" CHECK (length(emoji) >= 1);
