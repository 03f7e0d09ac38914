-- A column that refers to an id has the collation of that id: with another one no index serves the join, and each load
-- of an expansion read the whole table of joins. Each table is rewritten once, its indexes too; with 100,000 expansions
-- of 2 nodes and 30 events each that takes some 25 s on two busy cores, during which the service waits.
alter table joins alter column expansion_id type text collate "C";
alter table node_locks alter column expansion_id type text collate "C";
alter table master_locks alter column expansion_id type text collate "C";
alter table events
  alter column expansion_id type text collate "C",
  alter column campaign_id type text collate "C";
alter table observations alter column expansion_id type text collate "C";
alter table controls alter column expansion_id type text collate "C";
alter table comparisons alter column expansion_id type text collate "C";
alter table differences alter column comparison_id type text collate "C";
alter table sync_slots alter column expansion_id type text collate "C";
alter table campaign_members alter column campaign_id type text collate "C";

-- Events of a type, whoever they belong to.
create index events_type on events (type, seq);
-- The controls of an expansion that is deleted; those that wait have an index of their own.
create index controls_expansion on controls (expansion_id);
-- Expansions of a master, newest first.
create index expansions_master on expansions (master_key, accepted_at desc, id desc);
-- What has ended, the oldest first: it is deleted in this order.
create index expansions_ended on expansions (((doc ->> 'endedAt')::numeric::bigint), id) where ended;
create index campaigns_ended on campaigns (((doc ->> 'endedAt')::numeric::bigint), id) where ended;
-- Whether a campaign names an expansion: it stays as long as the campaign then.
create index campaign_members_expansion on campaign_members ((doc -> 'expansion' ->> 'id') collate "C");
