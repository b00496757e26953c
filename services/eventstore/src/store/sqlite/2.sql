-- How many claimed values were given up in an erasure, so that whoever is interrupted and asks again is told the same.

create table forgotten (
    ledger  blob    not null,
    subject blob    not null,
    claims  integer not null,
    primary key (ledger, subject)
) strict, without rowid;
