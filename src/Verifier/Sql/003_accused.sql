-- Operator of a job with an open case: it is offered nothing until the case has ended.
alter table jobs add column accused bytea;
create index jobs_accused on jobs (accused) where accused is not null;
