using Assay.Circle.Stack;
using Assay.Hosting.Options;
using Assay.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Assay.Hosting.Tests;

public sealed class StartTests(PostgresFixture postgres, BrokerFixture broker) : IClassFixture<PostgresFixture>, IClassFixture<BrokerFixture>
{
    private const string Secret = "geheim";

    [Theory]
    [InlineData("Password", Secret, "28P01: password authentication failed")]
    [InlineData("Database", "nowhere", "3D000: database \"nowhere\" does not exist")]
    [InlineData("Port", "1", "Connection refused")]
    public async Task A_database_that_refuses_or_is_absent_is_named_with_its_setting_and_without_the_password(string key, string value, string reason)
    {
        var server = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { [key] = value };
        await using var database = new SampleDatabase(server.ConnectionString, "sample");
        var refused = await Assert.ThrowsAsync<StartRefusedException>(() => SampleService.StartAsync(database, new BusOptions(), startSeconds: 0));
        Assert.StartsWith($"PostgreSQL at {server.Host}:{server.Port}, database {server.Database} as {server.Username} (Database:ConnectionString): {reason}", refused.Message);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.DoesNotContain(server.Password!, refused.Message);
    }

    [Theory]
    [InlineData("password", "ACCESS_REFUSED")]
    [InlineData("vhost", "NOT_ALLOWED - vhost nowhere not found")]
    [InlineData("port", "Connection refused")]
    public async Task A_broker_that_refuses_or_is_absent_is_named_with_its_setting_and_without_the_password(string wrong, string reason)
    {
        var address = new UriBuilder(broker.Address);
        if (wrong == "password") address.Password = Secret;
        if (wrong == "vhost") address.Path = "nowhere";
        if (wrong == "port") address.Port = 1;
        await using var database = await SampleDatabase.CreateAsync(postgres.ConnectionString);
        var refused = await Assert.ThrowsAsync<StartRefusedException>(
            () => SampleService.StartAsync(database, new BusOptions { Uri = address.ToString(), StartSeconds = 0 }));
        Assert.StartsWith($"RabbitMQ at {address.Host}:{address.Port}, virtual host {address.Path.Trim('/')} as {RabbitBroker.Admin} (Bus:Uri): ", refused.Message);
        Assert.Contains(reason, refused.Message);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.DoesNotContain(address.Password, refused.Message);
    }

    private sealed class Options
    {
        public BusOptions Bus { get; set; } = new();
    }

    private sealed class DyingLoop : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stopping)
        {
            await Task.Yield();
            throw new InvalidOperationException("the loop died");
        }
    }

    [Fact]
    public async Task A_command_that_runs_alone_gets_its_arguments_as_they_are_and_needs_no_setting()
    {
        IReadOnlyList<string> given = [];
        var code = await ServiceHost.RunAsync(["replay", "file", "--help"], new Service<DatabaseOptions>("sample")
        {
            Bus = _ => new BusOptions(),
            Add = (_, _) => { },
            Commands = new Dictionary<string, ServiceCommand<DatabaseOptions>>
            {
                ["replay"] = new("FILE", "say it again")
                {
                    RunAlone = args =>
                    {
                        given = args;
                        return 7;
                    },
                },
            },
        });
        Assert.Equal(7, code);
        Assert.Equal(["file", "--help"], given);
    }

    [Fact]
    public async Task A_service_whose_loop_dies_ends_with_code_1() => Assert.Equal(1, await ServiceHost.RunAsync<Options>(
        ["--Urls=http://127.0.0.1:0"],
        new Service<Options>("dying") { Bus = options => options.Bus, Add = (services, _) => services.AddHostedService<DyingLoop>() }));

    [Theory]
    [InlineData("Hots=here;Password=geheim")]
    [InlineData("geheim")]
    public void What_is_no_connection_string_is_refused_without_being_repeated(string text)
    {
        var refused = Assert.Throws<StartRefusedException>(() => OptionsReader.Check(new DatabaseOptions { ConnectionString = text }));
        Assert.Contains("ConnectionString: is not a connection string of PostgreSQL", refused.Message);
        Assert.DoesNotContain(Secret, refused.Message);
    }
}
