using Assay.Ethereum.Primitives;
using Assay.Protocol.Chain;
using Assay.Protocol.Messages;
using Assay.Protocol.Nodes;
using Assay.Testing;
using Assay.Verifier.Redundancy;
using Assay.Verifier.Tests.Support;
using Dapper;

namespace Assay.Verifier.Tests;

/// <summary>Messages that have not come yet, and rows that cannot be read, delay their own job and nothing else.</summary>
public sealed class GapTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly Work Wrong = Work.Labels("seat", 9, 9, 9);

    [Fact]
    public void A_result_whose_opening_event_is_still_on_its_way_waits_for_it()
    {
        var s = new Situation().Opened().Submitted();
        var expected = s.Decide();
        Assert.NotEmpty(expected);
        var opened = s.Events.OfType<JobOpened>().Single();
        s.Events.Remove(opened);
        Assert.Empty(s.Decide());
        s.Events.Insert(0, opened);
        Assert.Equal(expected, s.Decide());
    }

    [Fact]
    public void An_accusation_whose_result_is_still_on_its_way_waits_for_it()
    {
        var s = new Situation();
        s.Dispute();
        Assert.NotEmpty(s.Decide());
        s.Events.RemoveAll(e => e is ResultSubmitted);
        Assert.Empty(s.Decide());
    }

    [Theory]
    [InlineData("spot seed")]
    [InlineData("case seed")]
    [InlineData("roster")]
    public void A_certificate_waits_for_what_its_evidence_names(string missing)
    {
        var s = new Situation();
        var seats = s.Dispute();
        s.SealAll(seats, [Wrong, Wrong, Wrong], s.Now + 30);
        s.Events.Add(new ClaimOpened(s.Cast.At(53), s.Job, s.Right.Root, 3, s.Right.Salt));
        for (var i = 0; i < 3; i++) s.Attest(1, i, seats[i], Wrong, Finding.Value, s.Right.Value);
        Assert.Single(s.Decide().OfType<Certify>());
        if (missing == "spot seed") s.Seeds.Remove(2);
        else if (missing == "case seed") s.Seeds.Remove(4);
        else s.Roster.RemoveAll(e => e is OperatorJoined { Place: > 3 });
        Assert.Empty(s.Decide());
    }

    [Fact]
    public async Task A_job_whose_rows_make_no_sense_does_not_stop_the_others()
    {
        await using var app = await VerifierApp.StartAsync((await postgres.CreateDatabaseAsync())["verifier"]);
        await app.TellAsync(app.Cast.Registrations());
        var runner = app.Cast.Operators[0];
        var (broken, sound) = (app.Cast.Order(@operator: runner.Address, nonce: 1), app.Cast.Order(@operator: runner.Address, nonce: 2));
        await app.OrderAsync(broken);
        await app.WorkAsync(runner, WorkKind.Offer);
        await using (var connection = await app.Database.OpenAsync())
            await connection.ExecuteAsync("update work set kind = 'Nonsense', operator = decode(repeat('00', 20), 'hex')");
        await app.TellAsync(app.Cast.Opened(broken, runner));

        await app.OrderAsync(sound);
        Assert.Equal(app.Cast.JobOf(sound), (await app.WorkAsync(runner, WorkKind.Offer)).Job);
    }
}
