-- Erasure: a person's keys are destroyed and their claimed values given up. The role that the services use can do either
-- by these functions alone, and neither changes anything that has been recorded.

-- How many claimed values were given up, so that whoever is interrupted and asks again is told the same.
create table licheng.forgotten (
    ledger  uuid    not null,
    subject uuid    not null,
    claims  integer not null,
    primary key (ledger, subject)
);

-- Destroys every key of a person. The mark is a key's row that was never a key: an append that would seal with a key made
-- later names the mark as well, and finds it. The head's lock puts each append wholly before it or after it.
create function licheng.destroy_keys_of(in_ledger uuid, of_person uuid) returns setof text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    mark text := of_person || '/erased';
begin
    perform from licheng.heads where ledger = in_ledger for update;
    insert into licheng.keys values (in_ledger, mark, null, 0)
    on conflict (ledger, kid) do update set wrapped = null;
    return query
    update licheng.keys set wrapped = null
    where ledger = in_ledger and kid >= of_person || '/' and kid < of_person || '0' and kid <> mark
    returning kid;
end
$$;

-- Gives up the claimed values of whoever is erased, and answers how many they were, these and earlier ones.
create function licheng.forget_claims(in_ledger uuid, of_subject uuid) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    given_up integer;
begin
    perform from licheng.heads where ledger = in_ledger for update;
    perform from licheng.keys where ledger = in_ledger and kid = of_subject || '/erased' and wrapped is null;
    if not found then
        raise exception 'only the claims of whoever is erased are given up';
    end if;
    with gone as (
        delete from licheng.claims where ledger = in_ledger and subject = of_subject returning 1
    )
    insert into licheng.forgotten as f select in_ledger, of_subject, count(*) from gone
    on conflict (ledger, subject) do update set claims = f.claims + excluded.claims
    returning f.claims into given_up;
    return given_up;
end
$$;

revoke all on function licheng.destroy_keys_of, licheng.forget_claims from public;
grant execute on function licheng.destroy_keys_of, licheng.forget_claims to licheng_service;
grant select on licheng.forgotten to licheng_service;
