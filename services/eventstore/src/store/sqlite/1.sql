-- One file, one writer. What has been recorded is never changed: the triggers at the end see to it.

create table heads (
    ledger   blob    not null primary key,
    code     text    not null unique,
    position integer not null,
    time     integer not null -- µs since 1970 of the newest event
) strict, without rowid;

create table streams (
    ledger  blob    not null,
    stream  text    not null,
    version integer not null,
    primary key (ledger, stream)
) strict, without rowid;

create table events (
    ledger   blob    not null,
    position integer not null, -- dense from 1
    stream   text    not null,
    version  integer not null, -- dense from 1
    service  text    not null,
    kind     text    not null,
    subject  blob,
    time     integer not null, -- µs since 1970
    record   blob    not null, -- the line that is hashed, published and exported
    leaf     blob    not null, -- SHA-256 of 0x00 and the record
    primary key (ledger, position),
    unique (ledger, stream, version)
) strict;

create table receipts (
    ledger  blob    not null,
    request blob    not null,
    actor   blob    not null,
    hash    blob    not null, -- keyed: tells nothing about the body
    first   integer not null,
    last    integer not null,
    ids     blob    not null, -- 16 bytes each
    primary key (ledger, request)
) strict, without rowid;

create table claims (
    ledger  blob not null,
    kind    text not null,
    hash    blob not null, -- keyed
    subject blob not null,
    primary key (ledger, kind, hash)
) strict, without rowid;

create table keys (
    ledger     blob    not null,
    kid        text    not null,
    wrapped    blob, -- null: destroyed
    generation integer not null,
    primary key (ledger, kid)
) strict, without rowid;

create table checkpoints (
    view     text    not null,
    version  integer not null,
    ledger   blob    not null,
    position integer not null,
    primary key (view, version, ledger)
) strict, without rowid;

create table documents (
    view    text    not null,
    version integer not null,
    ledger  blob    not null,
    key     text    not null,
    body    blob    not null,
    primary key (view, version, ledger, key)
) strict;

create table signed_checkpoints (
    ledger blob    not null,
    size   integer not null,
    note   text    not null,
    primary key (ledger, size)
) strict, without rowid;

create table settings (
    name  text not null primary key,
    value text not null
) strict, without rowid;

create table parked (
    follower text    not null,
    ledger   blob    not null,
    position integer not null, -- of the last event that it got through
    reason   text    not null,
    since    integer not null, -- µs since 1970
    primary key (follower, ledger)
) strict, without rowid;

create trigger events_are_never_changed before update on events
begin select raise(abort, 'events are never changed'); end;

create trigger events_are_never_removed before delete on events
begin select raise(abort, 'events are never removed'); end;

create trigger receipts_are_never_changed before update on receipts
begin select raise(abort, 'receipts are never changed'); end;

create trigger receipts_are_never_removed before delete on receipts
begin select raise(abort, 'receipts are never removed'); end;
