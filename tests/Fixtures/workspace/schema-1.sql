-- A workspace database as the first version of the service wrote it. Never change it: WorkspaceMigrationTests brings it to the current version.
PRAGMA application_id = 1114199089; PRAGMA user_version = 1;

CREATE TABLE datasets (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    display_name TEXT NOT NULL,
    create_time INTEGER NOT NULL
) STRICT;
CREATE TABLE photos (
    dataset INTEGER NOT NULL REFERENCES datasets (seq),
    position INTEGER NOT NULL,
    file_name TEXT NOT NULL,
    label TEXT NOT NULL,
    split INTEGER NOT NULL,
    blob TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    byte_count INTEGER NOT NULL,
    PRIMARY KEY (dataset, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE models (
    id TEXT PRIMARY KEY,
    create_time INTEGER NOT NULL
) STRICT;
CREATE TABLE model_versions (
    model TEXT NOT NULL REFERENCES models (id),
    number INTEGER NOT NULL,
    create_time INTEGER NOT NULL,
    manifest TEXT NOT NULL,
    PRIMARY KEY (model, number)
) STRICT;
CREATE TABLE model_aliases (
    model TEXT NOT NULL,
    alias TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (model, alias),
    FOREIGN KEY (model, number) REFERENCES model_versions (model, number)
) STRICT;

CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    request_id TEXT UNIQUE,
    spec TEXT NOT NULL,
    state INTEGER NOT NULL,
    create_time INTEGER NOT NULL,
    start_time INTEGER,
    end_time INTEGER,
    progress TEXT,
    plan TEXT,
    checkpoint TEXT,
    result_model TEXT,
    result_number INTEGER,
    error_reason TEXT,
    error_message TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    worker TEXT,
    lease_duration INTEGER,
    lease_end INTEGER,
    lost_leases INTEGER NOT NULL DEFAULT 0,
    best_step INTEGER NOT NULL DEFAULT 0,
    progress_events INTEGER NOT NULL DEFAULT 0,
    FOREIGN KEY (result_model, result_number) REFERENCES model_versions (model, number)
) STRICT;
CREATE INDEX jobs_by_state ON jobs (state, seq);
CREATE TABLE job_events (
    cursor INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL REFERENCES jobs (seq),
    time INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    payload TEXT NOT NULL
) STRICT;
CREATE INDEX job_events_by_job ON job_events (job, cursor);
CREATE INDEX job_events_by_kind ON job_events (job, kind, cursor);

-- One of everything; the photos are the texts daisy-1, rose-1 and rose-2.
INSERT INTO datasets (seq, id, display_name, create_time) VALUES (1, '603c8a08a8c13b7601f86f675fc51928b1eebf11fe0c6e9bb7e0eb1c168925dc', 'Blumen für Käthe', 1760000000000);
INSERT INTO photos VALUES (1, 0, 'daisy-1.jpg', 'daisy', 1, '4627b3f05e83d3a555d7e6a30f3506af509fa84a81d39405191b37e5861b5b1a', 640, 480, 7);
INSERT INTO photos VALUES (1, 1, 'rose-1.jpg', 'rose', 1, '06d913b30ccd1a2d18e803974401b16c064120f34ed36ff5b4c31eb8a17ae3a5', 640, 480, 6);
INSERT INTO photos VALUES (1, 2, 'rose-2.jpg', 'rose', 2, '8353f9823b10eb19449f870384c4d26b8f2d6134b3e6bda919f8d2ba6b4199ba', 640, 480, 6);
INSERT INTO models (id, create_time) VALUES ('flowers', 1760000001000);
INSERT INTO model_versions (model, number, create_time, manifest) VALUES ('flowers', 1, 1760000001000, '{"method":"full","network":"bit-tiny","labels":["daisy","rose"],"inputSize":64,"inferenceGraph":"eef93e1d14482804277fca0172464032d1a4fdbcc338524059fa1e861454ad4d","weights":"9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c","validationAccuracy":0.75,"jobId":"0190a0b0c0d0e0f00000000000000001","datasetId":"603c8a08a8c13b7601f86f675fc51928b1eebf11fe0c6e9bb7e0eb1c168925dc","lineage":{"planHash":"\"abc\""}}');
INSERT INTO model_versions (model, number, create_time, manifest) VALUES ('flowers', 2, 1760000002000, '{"method":"full","network":"bit-tiny","labels":["daisy","rose"],"inputSize":64,"inferenceGraph":"eef93e1d14482804277fca0172464032d1a4fdbcc338524059fa1e861454ad4d","weights":"9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c","validationAccuracy":0.75,"jobId":"0190a0b0c0d0e0f00000000000000001","datasetId":"603c8a08a8c13b7601f86f675fc51928b1eebf11fe0c6e9bb7e0eb1c168925dc","lineage":{"planHash":"\"abc\""}}');
INSERT INTO model_aliases (model, alias, number) VALUES ('flowers', 'live', 2);
INSERT INTO jobs (seq, id, request_id, spec, state, create_time, start_time, end_time, progress, plan, result_model, result_number, attempt, best_step, progress_events)
VALUES (1, '0190a0b0c0d0e0f00000000000000001', 'request-1', '{"datasetId":"603c8a08a8c13b7601f86f675fc51928b1eebf11fe0c6e9bb7e0eb1c168925dc","modelId":"flowers","recipe":"auto"}', 5, 1760000000500, 1760000000600, 1760000001000,
    '{"phase":"publishing","step":60,"totalSteps":60,"loss":0.5,"time":"2025-10-09T08:53:21+00:00"}', '{"steps":60}', 'flowers', 1, 2, 60, 1);
INSERT INTO jobs (seq, id, spec, state, create_time, start_time, checkpoint, attempt, worker, lease_duration, lease_end)
VALUES (2, '0190a0b0c0d0e0f00000000000000002', '{"datasetId":"603c8a08a8c13b7601f86f675fc51928b1eebf11fe0c6e9bb7e0eb1c168925dc","modelId":"flowers","recipe":"auto"}', 3, 1760000003000, 1760000003100, 'attempt-1/step-000000007.safetensors', 1, 'worker-1', 30000, 1760000033100);
INSERT INTO jobs (seq, id, spec, state, create_time, start_time, end_time, error_reason, error_message, attempt)
VALUES (3, '0190a0b0c0d0e0f00000000000000003', '{"datasetId":"603c8a08a8c13b7601f86f675fc51928b1eebf11fe0c6e9bb7e0eb1c168925dc","modelId":"flowers","recipe":"auto"}', 6, 1760000004000, 1760000004100, 1760000005000, 'DIVERGED', 'The loss is not finite.', 1);
INSERT INTO job_events (cursor, job, time, kind, payload) VALUES
    (1, 1, 1760000000500, 1, 'Queued'), (2, 1, 1760000000600, 1, 'Running'),
    (3, 1, 1760000000700, 2, '{"phase":"training","step":30,"totalSteps":60,"loss":"NaN","time":"2025-10-09T08:53:20+00:00"}'),
    (4, 1, 1760000001000, 1, 'Succeeded'), (5, 2, 1760000003000, 1, 'Queued'), (6, 2, 1760000003100, 1, 'Running'),
    (7, 3, 1760000004000, 1, 'Queued'), (8, 3, 1760000005000, 1, 'Failed');
