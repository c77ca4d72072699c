-- The line where the first report of its incident begins in the same input: reports with the same one have one cause.
-- Unknown where an earlier version read it.
ALTER TABLE mention ADD COLUMN incident INTEGER;
