-- The version of the parameters under which a job was opened is part of its record. Contracts before had one set only.
alter table job_opened add version bigint not null default 1;
alter table job_opened alter version drop default;

alter table jobs add version bigint not null default 1;
alter table jobs alter version drop default;
