import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Sql } from './sql.ts'

/** The version of the tables below; a home of another one is refused, because nothing has been released before this. */
const VERSION = 9

/** The parts of a table's definition in which databases differ. */
export interface TableWords {
  /** The type of a key that the database counts up. */
  readonly countedKey: string
  /** Behind a table that is kept in the order of its own key. */
  readonly keyedTable: string
}

/**
 * The catalog: what is few. Rows, requests and results are in the files of a run; a batch of fifty thousand requests is one
 * row here. `tally`: the requests of a batch as they stand, in groups, without those that a newer batch has taken over;
 * `pending` and `reaskable` count those of them that wait. Spending has no reference to its run: what was spent stays known
 * when the run is forgotten. Attempts are found by partial indexes whose conditions stand in the statements word for word, as
 * SQLite needs it, and without columns that change with each look, as Postgres needs it to update a row in its place.
 */
const tablesIn = ({ countedKey, keyedTable }: TableWords): string => `
  create table runs (
    key ${countedKey},
    id text not null unique,
    name text unique,
    state text not null,
    reason text,
    definition text not null,
    base_url text not null,
    output text not null,
    writer bigint not null default 0,
    row_count bigint not null default 0,
    request_count bigint not null default 0,
    skipped_count bigint not null default 0,
    rows_hash text,
    requests_hash text,
    columns text not null default '{"columns":[],"files":[]}',
    is_open bigint not null default 0,
    reopenings text not null default '[]',
    account text,
    max_cost bigint,
    priority bigint not null default 1,
    deadline_at bigint,
    wind_up_at bigint,
    tail text,
    tail_begun_at bigint,
    opened_after bigint not null default 0,
    stop_loss text,
    carried text,
    is_canary_due bigint not null default 0,
    cancel_requested_at bigint,
    cancel_cause text,
    created_at bigint not null,
    finished_at bigint
  );
  create index runs_by_requests_hash on runs (requests_hash);
  create index runs_by_end on runs (finished_at);

  create table portions (
    run bigint not null references runs (key) on delete cascade,
    number bigint not null,
    row_count bigint not null,
    request_count bigint not null,
    row_files text not null,
    sharing text,
    primary key (run, number)
  )${keyedTable};

  create table batches (
    key ${countedKey},
    run bigint not null references runs (key) on delete cascade,
    number bigint not null,
    kind text not null,
    base_url text not null,
    provider text not null,
    endpoint text not null,
    model text not null,
    request_count bigint not null,
    first_request bigint not null,
    last_request bigint not null,
    content_hash text not null,
    tokens bigint,
    token_method text,
    most_output_tokens bigint,
    plan text,
    settled text,
    is_given_up bigint not null default 0,
    tally text not null default '[]',
    reasked_rows bigint not null default 0,
    reasked_requests bigint not null default 0,
    pending bigint not null default 0,
    reaskable bigint not null default 0,
    unique (run, number)
  );

  create table attempts (
    key ${countedKey},
    batch bigint not null references batches (key) on delete cascade,
    number bigint not null,
    nonce text not null unique,
    input_name text not null,
    input_bytes bigint not null,
    input_sha256 text not null,
    created_at bigint not null,
    stage text not null,
    input_file_id text,
    remote_id text,
    remote_status text,
    raw_status text,
    output_file_id text,
    error_file_id text,
    remote_total bigint,
    remote_completed bigint,
    remote_failed bigint,
    remote_created_at bigint,
    expires_at bigint,
    uploaded_at bigint,
    submitted_at bigint,
    waiting_since bigint,
    freed_at bigint,
    ended_at bigint,
    last_poll_at bigint,
    polls bigint not null default 0,
    failures bigint not null default 0,
    next_at bigint not null default 0,
    reconcile_step text,
    reason_code text,
    reason text,
    held_from text,
    audited_at bigint,
    usage text not null default '[]',
    unique (batch, number)
  );
  create index attempts_unfinished on attempts (batch)
    where stage not in ('collected', 'rejected', 'abandoned', 'cancelled');
  create index attempts_begun on attempts (batch)
    where stage not in ('planned', 'collected', 'rejected', 'abandoned', 'cancelled');
  create index attempts_short_of_room on attempts (batch) where reason_code = 'queue_full';

  create table intents (
    key ${countedKey},
    attempt bigint not null references attempts (key) on delete cascade,
    at bigint not null,
    facts text not null,
    answer text,
    answered_at bigint
  );
  create index intents_by_attempt on intents (attempt);

  create table direct_calls (
    key ${countedKey},
    attempt bigint not null references attempts (key) on delete cascade,
    request bigint not null,
    at bigint not null,
    answer text,
    line text
  );
  create index direct_calls_by_attempt on direct_calls (attempt);

  create table remote_batches (
    attempt bigint not null references attempts (key) on delete cascade,
    id text not null,
    seen_at bigint not null,
    role text not null,
    primary key (attempt, id)
  )${keyedTable};

  create table incidents (
    run bigint not null references runs (key) on delete cascade,
    at bigint not null,
    kind text not null,
    detail text not null,
    remote_ids text not null,
    unique (run, kind, detail)
  );

  create table token_rates (
    provider text not null,
    base_url text not null,
    model text not null,
    method text not null,
    estimated double precision not null,
    actual double precision not null,
    at bigint not null,
    primary key (provider, base_url, model, method)
  )${keyedTable};

  create table queue_limits (
    provider text not null,
    base_url text not null,
    model text not null,
    tokens bigint,
    learnt_at bigint,
    learnt_from text,
    refused_at bigint,
    refused_attempt bigint,
    refusals bigint not null default 0,
    refusals_alone bigint not null default 0,
    tokens_in_flight bigint not null default 0,
    try_at bigint not null default 0,
    primary key (provider, base_url, model)
  )${keyedTable};

  create table spending (
    id text primary key,
    run text not null,
    kind text not null,
    provider text not null,
    endpoint text not null,
    model text not null,
    requests bigint not null,
    at bigint not null,
    reserved bigint,
    settled bigint,
    settled_at bigint,
    answers bigint not null default 0,
    prompt_tokens bigint not null default 0,
    completion_tokens bigint not null default 0,
    cached_tokens bigint not null default 0,
    reasoning_tokens bigint not null default 0
  )${keyedTable};
  create index spending_by_run on spending (run);
  create index spending_by_time on spending (at);
  create index spending_by_model on spending (provider, model);

  create table tried_answers (
    provider text not null,
    model text not null,
    answers bigint not null,
    prompt_tokens bigint not null,
    completion_tokens bigint not null,
    primary key (provider, model)
  )${keyedTable};

  create table probes (
    key ${countedKey},
    at bigint not null,
    provider text not null,
    base_url text not null,
    record text not null
  );

  create table workers (
    id text primary key,
    place text not null,
    started_at bigint not null,
    seen_at bigint not null
  )${keyedTable};

  create table webhooks (
    sender text not null,
    id text not null,
    at bigint not null,
    primary key (sender, id)
  )${keyedTable};

  create table catalog (version bigint not null, files text);
  insert into catalog (version) values (${VERSION});
`

/** Makes the tables of a new home. */
export async function makeTables(sql: Sql, words: TableWords): Promise<void> {
  await sql.script(tablesIn(words))
}

/**
 * Refuses tables that are not of this version. Throws `newer_state` for those that another version made, and `disk` for
 * those of another program; `advice` says what to do about these.
 */
export async function assertOurs(sql: Sql, tables: ReadonlySet<string>, place: string, advice: string): Promise<void> {
  const isOfDevelopment = tables.has('migrations') && tables.has('runs')
  const version = tables.has('catalog')
    ? (await sql.get<{ version: number }>('select version from catalog'))?.version
    : undefined
  if (version === VERSION) return
  if (version === undefined && !isOfDevelopment) {
    throw new LlmBatchError('disk', `${place} is a database of another program`, { next: advice })
  }
  const writer = (version ?? 0) > VERSION ? 'a newer' : 'an earlier, unreleased'
  throw new LlmBatchError('newer_state', `${place} was written by ${writer} version of llm-batch`, {
    next: `Use that version again, or another ${mention('home')}.`,
  })
}
