-- Version 4: people across plans. The rule of version 1 holds: no customer value.

-- Keyed hash of the primary owner's names, birth date and tax id together (pipeline::person): 16 bytes. NULL when the
-- record says too little of them, is left out, or was planned before version 4. Never of a single field.
ALTER TABLE record ADD COLUMN person BLOB;
ALTER TABLE former ADD COLUMN person BLOB; -- as the last plan had it that sent the customer
