import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'
import type { Driver } from './driver.ts'

/** One step from an older state to a newer one; never changed after a release, only added to. */
interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
}

const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'runs, rows, requests, batches, attempts, intents, results',
    sql: `
      create table runs (
        key integer primary key,
        id text not null unique,
        name text unique,
        state text not null,
        reason text,
        definition text not null,
        output text not null,
        writer integer not null default 0,
        row_count integer not null default 0,
        request_count integer not null default 0,
        rows_hash text,
        requests_hash text,
        columns text not null default '[]',
        account text,
        cancel_requested_at integer,
        created_at integer not null,
        finished_at integer
      );
      create index runs_by_requests_hash on runs (requests_hash);

      create table rows (
        run integer not null references runs (key) on delete cascade,
        ordinal integer not null,
        line integer not null,
        id text,
        problem text,
        primary key (run, ordinal)
      ) without rowid;

      create table batches (
        key integer primary key,
        run integer not null references runs (key) on delete cascade,
        number integer not null,
        provider text not null,
        endpoint text not null,
        model text not null,
        request_count integer not null,
        first_request integer not null,
        last_request integer not null,
        content_hash text not null,
        unique (run, number)
      );

      create table attempts (
        key integer primary key,
        batch integer not null references batches (key) on delete cascade,
        number integer not null,
        nonce text not null unique,
        input_name text not null,
        input_bytes integer not null,
        input_sha256 text not null,
        created_at integer not null,
        stage text not null,
        input_file_id text,
        remote_id text,
        remote_status text,
        raw_status text,
        output_file_id text,
        error_file_id text,
        remote_total integer,
        remote_completed integer,
        remote_failed integer,
        remote_created_at integer,
        expires_at integer,
        submitted_at integer,
        ended_at integer,
        last_poll_at integer,
        polls integer not null default 0,
        failures integer not null default 0,
        next_at integer not null default 0,
        reconcile_step text,
        reason_code text,
        reason text,
        held_from text,
        audited_at integer,
        unique (batch, number)
      );

      create table intents (
        key integer primary key,
        attempt integer not null references attempts (key) on delete cascade,
        facts text not null,
        answer text,
        answered_at integer
      );
      create index intents_by_attempt on intents (attempt);

      create table remote_batches (
        attempt integer not null references attempts (key) on delete cascade,
        id text not null,
        seen_at integer not null,
        role text not null,
        primary key (attempt, id)
      ) without rowid;

      create table requests (
        run integer not null references runs (key) on delete cascade,
        ordinal integer not null,
        batch integer not null,
        file_offset integer not null,
        length integer not null,
        state text not null,
        tries integer not null default 0,
        attempt integer,
        primary key (run, ordinal)
      ) without rowid;

      create index requests_pending on requests (run, ordinal) where state = 'pending';

      create table row_requests (
        run integer not null references runs (key) on delete cascade,
        row integer not null,
        part integer not null,
        request integer not null,
        primary key (run, row, part)
      ) without rowid;

      create table results (
        attempt integer not null references attempts (key) on delete cascade,
        request integer not null,
        status text not null,
        code text,
        reason text,
        billed text not null,
        prompt_tokens integer,
        completion_tokens integer,
        cached_tokens integer,
        reasoning_tokens integer,
        model text,
        file text,
        file_offset integer,
        length integer,
        verdict text not null,
        counts_as_try integer not null,
        primary key (attempt, request)
      ) without rowid;

      create table incidents (
        run integer not null references runs (key) on delete cascade,
        at integer not null,
        kind text not null,
        detail text not null,
        remote_ids text not null,
        unique (run, kind, detail)
      );
    `,
  },
  {
    number: 2,
    name: 'token estimates, their calibration, and queues',
    sql: `
      alter table batches add column base_url text not null default '';
      update batches set base_url = coalesce((select definition ->> 'baseUrl' from runs where key = batches.run), '');
      alter table batches add column tokens integer;
      alter table batches add column token_method text;
      alter table attempts add column uploaded_at integer;
      alter table attempts add column waiting_since integer;
      alter table attempts add column freed_at integer;
      create index attempts_open on attempts (stage)
        where stage in ('creating', 'unconfirmed', 'submitted', 'held', 'uploaded');

      create table token_rates (
        provider text not null,
        base_url text not null,
        model text not null,
        method text not null,
        estimated real not null,
        actual real not null,
        at integer not null,
        primary key (provider, base_url, model, method)
      ) without rowid;

      create table queue_limits (
        provider text not null,
        base_url text not null,
        model text not null,
        tokens integer,
        learnt_at integer,
        learnt_from text,
        refused_at integer,
        refused_attempt integer,
        refusals integer not null default 0,
        refusals_alone integer not null default 0,
        tokens_in_flight integer not null default 0,
        try_at integer not null default 0,
        primary key (provider, base_url, model)
      ) without rowid;
    `,
  },
  {
    number: 3,
    name: 'spending, the cap of a run, the most output of a batch',
    // No reference to the run: what was spent stays known when the run is forgotten.
    sql: `
      create table spending (
        id text primary key,
        run text not null,
        kind text not null,
        provider text not null,
        endpoint text not null,
        model text not null,
        requests integer not null,
        at integer not null,
        reserved integer,
        settled integer,
        settled_at integer,
        answers integer not null default 0,
        prompt_tokens integer not null default 0,
        completion_tokens integer not null default 0,
        cached_tokens integer not null default 0,
        reasoning_tokens integer not null default 0
      ) without rowid;
      create index spending_by_run on spending (run);
      create index spending_by_time on spending (at);
      create index spending_by_model on spending (provider, model);

      alter table runs add column max_cost integer;
      alter table batches add column most_output_tokens integer;
    `,
  },
  {
    number: 4,
    name: 'direct batches and their calls, deadlines, stop-loss',
    sql: `
      alter table batches add column kind text not null default 'batch';
      alter table runs add column deadline_at integer;
      alter table runs add column wind_up_at integer;
      alter table runs add column cancel_cause text;
      alter table runs add column stop_loss text;

      create table direct_calls (
        key integer primary key,
        attempt integer not null references attempts (key) on delete cascade,
        request integer not null,
        at integer not null,
        answer text,
        line text
      );
      create index direct_calls_by_attempt on direct_calls (attempt);
    `,
  },
  {
    number: 5,
    name: 'live probes',
    sql: `
      create table probes (
        key integer primary key,
        at integer not null,
        provider text not null,
        base_url text not null,
        record text not null
      );
    `,
  },
  {
    number: 6,
    name: 'requests that answer several rows, and requests that ask again',
    // `rows`: how many rows have it as their newest request, none once another took its place. `root`: the request that
    // was asked first, on those that ask again; `turn` counts them from 1. `latest`: the newest of them, on the first.
    sql: `
      alter table requests add column rows integer not null default 1;
      alter table requests add column root integer;
      alter table requests add column turn integer not null default 0;
      alter table requests add column latest integer;
      create index requests_by_root on requests (run, root) where root is not null;
      create index requests_invalid on requests (run, ordinal) where state = 'invalid' and rows > 0;
    `,
  },
  {
    number: 7,
    name: 'requests asked again with another limit of tokens, and a canary before them',
    sql: `
      alter table requests add column max_tokens integer;
      alter table runs add column is_canary_due integer not null default 0;
    `,
  },
  {
    number: 8,
    name: 'counts of rows that are kept until rows change',
    // `work_version`: raised by every transaction that writes rows or requests. `kept_counts`: of a finished run, as JSON,
    // with the version at which they were true.
    sql: `
      alter table runs add column work_version integer not null default 0;
      alter table runs add column kept_counts text;
    `,
  },
  {
    number: 9,
    name: 'rows that share a request, and answers carried over from another run',
    // `shares`: 1 where an earlier row has asked for the same request, and so bears its cost. `carried`: as JSON.
    sql: `
      alter table row_requests add column shares integer not null default 0;
      alter table runs add column carried text;
    `,
  },
  {
    number: 10,
    name: 'answers of tries',
    sql: `
      create table tried_answers (
        provider text not null,
        model text not null,
        answers integer not null,
        prompt_tokens integer not null,
        completion_tokens integer not null,
        primary key (provider, model)
      ) without rowid;
    `,
  },
  {
    number: 11,
    name: 'reasons as JSON',
    sql: `
      update runs set reason = null;
      update attempts set reason = null;
    `,
  },
]

const NEWEST = MIGRATIONS.at(-1)?.number ?? 0

/**
 * Brings the state forward to what this program knows, each step in its own transaction. Two processes may do it at
 * once: the second finds the step done. A state written by a newer program is refused, because runs last days and a
 * program may be downgraded in between.
 */
export function migrate(driver: Driver, path: string, now: number): void {
  assertOurs(driver, path)
  driver.script(
    'create table if not exists migrations (number integer primary key, name text not null, at integer not null)',
  )
  for (const migration of MIGRATIONS) {
    driver.transaction(() => {
      if (newestApplied(driver) >= migration.number) return
      driver.script(migration.sql)
      driver.run('insert into migrations (number, name, at) values (?, ?, ?)', migration.number, migration.name, now)
    })
  }
  const applied = newestApplied(driver)
  if (applied > NEWEST) {
    throw new LlmBatchError(
      'newer_state',
      `${path} was written by a newer llm-batch (state version ${applied}, this one knows ${NEWEST})`,
      { next: `Use the newer llm-batch again, or another ${mention('home')}.` },
    )
  }
}

/** Nothing is put into the database of another program. */
function assertOurs(driver: Driver, path: string): void {
  const tables = driver.all<{ name: string }>("select name from sqlite_master where type = 'table'")
  if (tables.length === 0 || tables.some(({ name }) => name === 'migrations')) return
  throw new LlmBatchError('disk', `${path} is a database of another program`, {
    next: `Move it away, or name another folder with ${mention('home')}.`,
  })
}

function newestApplied(driver: Driver): number {
  return driver.get<{ number: number | null }>('select max(number) as number from migrations')?.number ?? 0
}
