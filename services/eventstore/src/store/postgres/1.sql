-- A log per ledger with dense positions: who appends to a ledger holds its head's row.
-- What has been recorded is never changed: the triggers at the end see to it.

create table licheng.heads (
    ledger   uuid   primary key,
    code     text   not null unique,
    position bigint not null,
    time     bigint not null -- µs since 1970 of the newest event
) with (fillfactor = 50);

create table licheng.streams (
    ledger  uuid    not null,
    stream  text    collate "C" not null,
    version integer not null,
    primary key (ledger, stream)
) with (fillfactor = 70);

create table licheng.events (
    ledger   uuid    not null,
    position bigint  not null, -- dense from 1
    stream   text    collate "C" not null,
    version  integer not null, -- dense from 1
    service  text    not null,
    kind     text    not null,
    subject  uuid,
    time     bigint  not null, -- µs since 1970
    record   bytea   not null, -- the line that is hashed, published and exported
    leaf     bytea   not null, -- SHA-256 of 0x00 and the record
    primary key (ledger, position),
    unique (ledger, stream, version)
);

create table licheng.receipts (
    ledger  uuid   not null,
    request uuid   not null,
    actor   uuid   not null,
    hash    bytea  not null, -- keyed: tells nothing about the body
    first   bigint not null,
    last    bigint not null,
    ids     bytea  not null, -- 16 bytes each
    primary key (ledger, request)
);

create table licheng.claims (
    ledger  uuid  not null,
    kind    text  not null,
    hash    bytea not null, -- keyed
    subject uuid  not null,
    primary key (ledger, kind, hash)
);

create table licheng.keys (
    ledger     uuid    not null,
    kid        text    collate "C" not null,
    wrapped    bytea, -- null: destroyed
    generation integer not null,
    primary key (ledger, kid)
);

create table licheng.checkpoints (
    view     text    not null,
    version  integer not null,
    ledger   uuid    not null,
    position bigint  not null,
    primary key (view, version, ledger)
) with (fillfactor = 50);

create table licheng.documents (
    view    text    not null,
    version integer not null,
    ledger  uuid    not null,
    key     text    collate "C" not null,
    body    bytea   not null,
    primary key (view, version, ledger, key)
);

create table licheng.signed_checkpoints (
    ledger uuid   not null,
    size   bigint not null,
    note   text   not null,
    primary key (ledger, size)
);

create table licheng.settings (
    name  text primary key,
    value text not null
);

create table licheng.parked (
    follower text   not null,
    ledger   uuid   not null,
    position bigint not null, -- of the last event that it got through
    reason   text   not null,
    since    bigint not null, -- µs since 1970
    primary key (follower, ledger)
);

create function licheng.refuse() returns trigger language plpgsql as $$
begin
    raise exception 'what has been recorded is never changed or removed';
end
$$;

create trigger never_changed before update or delete or truncate on licheng.events
    for each statement execute function licheng.refuse();
create trigger never_changed before update or delete or truncate on licheng.receipts
    for each statement execute function licheng.refuse();

-- Appends a group of commands that share nothing: one call, one lock hold, one commit, a verdict for each.
-- Arrays named of_… say which command (from 1) an element belongs to. What is stored is looked up by index, row by
-- row (a lateral query with an offset stays one), whatever the statistics say: a plan made while the tables were small
-- would stay.
create function licheng.append(
    into_ledger uuid,
    requests uuid[], actors uuid[], hashes bytea[], streams text[], versions integer[], times bigint[], ids bytea[],
    of_guard integer[], guard_streams text[], guard_versions integer[],
    of_claim integer[], claim_kinds text[], claim_hashes bytea[], claim_subjects uuid[],
    of_key integer[], kids text[],
    of_event integer[], services text[], kinds text[], subjects uuid[], records bytea[], leaves bytea[]
) returns table (verdict text, what text, whose uuid, first_position bigint, last_position bigint, made bytea)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_column
declare
    head licheng.heads;
begin
    select * into head from licheng.heads where ledger = into_ledger for update;
    if not found then
        raise exception 'ledger % is not open here', into_ledger;
    end if;
    return query
    with command as materialized (
        select * from unnest(requests, actors, hashes, streams, versions, times, ids)
            with ordinality as c (request, actor, hash, stream, version, time, ids, n)
    ), event as materialized (
        select *, row_number() over (partition by of order by n) as ordinal
        from unnest(of_event, services, kinds, subjects, records, leaves)
            with ordinality as e (of, service, kind, subject, record, leaf, n)
    ), destroyed as materialized (
        select k.of, min(k.kid) as kid
        from unnest(of_key, kids) as k (of, kid), lateral (
            select from licheng.keys where ledger = into_ledger and kid = k.kid and wrapped is null offset 0
        ) s
        group by k.of
    ), guarded as materialized (
        select g.of, min(g.stream) as stream
        from unnest(of_guard, guard_streams, guard_versions) as g (of, stream, version)
        left join lateral (
            select version from licheng.streams where ledger = into_ledger and stream = g.stream offset 0
        ) s on true
        where coalesce(s.version, 0) <> g.version
        group by g.of
    ), claim as materialized (
        select * from unnest(of_claim, claim_kinds, claim_hashes, claim_subjects) as c (of, kind, hash, subject)
    ), claimed as materialized (
        select distinct on (c.of) c.of, c.kind, s.subject
        from claim c, lateral (
            select subject from licheng.claims where ledger = into_ledger and kind = c.kind and hash = c.hash offset 0
        ) s
        where s.subject <> c.subject
        order by c.of, c.kind
    ), counted as materialized (
        select of, count(*) as events from event group by of
    ), judged as materialized (
        select c.*, r.first as known_first, r.last as known_last, r.ids as known_ids,
            d.kid, g.stream as moved_guard, x.kind as claimed_kind, x.subject as claimed_by,
            m.events,
            case
                when r.request is not null and r.actor = c.actor and r.hash = c.hash then 'known'
                when r.request is not null then 'reused'
                when d.of is not null then 'destroyed'
                when c.time < head.time - 2000000 then 'behind'
                when coalesce(s.version, 0) <> c.version then 'moved'
                when g.of is not null then 'guard'
                when x.of is not null then 'claimed'
                else 'appended'
            end as verdict
        from command c
        join counted m on m.of = c.n
        left join lateral (
            select * from licheng.receipts where ledger = into_ledger and request = c.request offset 0
        ) r on true
        left join lateral (
            select version from licheng.streams where ledger = into_ledger and stream = c.stream offset 0
        ) s on true
        left join destroyed d on d.of = c.n
        left join guarded g on g.of = c.n
        left join claimed x on x.of = c.n
    ), placed as materialized (
        select j.*, head.position + sum(events) over (order by n) as last
        from judged j where j.verdict = 'appended'
    ), put_events as (
        insert into licheng.events
        select into_ledger, p.last - p.events + e.ordinal, p.stream, p.version + e.ordinal,
            e.service, e.kind, e.subject, p.time, e.record, e.leaf
        from placed p join event e on e.of = p.n
        order by p.n, e.ordinal
    ), put_streams as (
        insert into licheng.streams select into_ledger, p.stream, p.version + p.events from placed p
        on conflict (ledger, stream) do update set version = excluded.version
    ), put_claims as (
        insert into licheng.claims
        select distinct into_ledger, c.kind, c.hash, c.subject from placed p join claim c on c.of = p.n
        on conflict do nothing
    ), put_receipts as (
        insert into licheng.receipts
        select into_ledger, p.request, p.actor, p.hash, p.last - p.events + 1, p.last, p.ids from placed p
    ), put_head as (
        update licheng.heads set position = p.last, time = greatest(head.time, p.time)
        from (select max(last) as last, max(time) as time from placed) p
        where ledger = into_ledger and p.last is not null
    )
    select j.verdict,
        coalesce(j.kid, j.moved_guard, j.claimed_kind),
        j.claimed_by,
        coalesce(j.known_first, p.last::bigint - p.events + 1),
        coalesce(j.known_last, p.last::bigint),
        coalesce(j.known_ids, p.ids)
    from judged j left join placed p on p.n = j.n
    order by j.n;
end
$$;

-- The services' group role: whoever may act for a service is a member of it. It appends by the function alone.
do $$
begin
    create role licheng_service nologin;
exception
    -- Roles are the whole server's: another database may have made it, or be making it now.
    when duplicate_object or unique_violation then null;
end
$$;

revoke all on function licheng.append from public;
grant usage on schema licheng to licheng_service;
grant select on all tables in schema licheng to licheng_service;
grant execute on function licheng.append to licheng_service;
grant insert on licheng.heads, licheng.signed_checkpoints, licheng.settings to licheng_service;
grant insert, update on licheng.keys, licheng.checkpoints to licheng_service;
grant insert, update, delete on licheng.documents, licheng.parked to licheng_service;
