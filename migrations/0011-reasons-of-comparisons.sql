-- Why a comparison is in its state: code, facts and text. Texts of before become documents of the first version.
alter table comparisons alter column state_reason type jsonb
  using case when state_reason is not null then jsonb_build_object('text', state_reason) end;
