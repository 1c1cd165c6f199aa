using Assay.Ethereum.JsonRpc;
using Assay.Hosting.Http;
using Assay.Hosting.Messaging;
using Assay.Hosting.Options;
using Assay.Hosting.Telemetry;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Assay.Hosting;

/// <summary>What a service's <c>Program.cs</c> says about it.</summary>
public sealed record Service<TOptions>(string Name) where TOptions : class, new()
{
    /// <summary>The part of the options that describes the bus.</summary>
    public required Func<TOptions, BusOptions> Bus { get; init; }
    public required Action<IServiceCollection, TOptions> Add { get; init; }
    public Action<IBusRegistrationConfigurator> Consumers { get; init; } = _ => { };
    public Action<IEndpointRouteBuilder> Map { get; init; } = _ => { };

    /// <summary>Commands beside serving, by first argument, e.g. <c>rebuild</c>.</summary>
    public IReadOnlyDictionary<string, ServiceCommand<TOptions>> Commands { get; init; } = new Dictionary<string, ServiceCommand<TOptions>>();
}

/// <param name="Arguments">Its own arguments, as <c>--help</c> shows them.</param>
/// <param name="Description">Its line in <c>--help</c>.</param>
public sealed record ServiceCommand<TOptions>(string Arguments, string Description)
{
    /// <summary>Given the service's settings; arguments of its own it reads from the configuration. Returns the exit code.</summary>
    public Func<TOptions, IConfiguration, ILoggerFactory, Task<int>>? RunAsync { get; init; }

    /// <summary>Needs no settings and reads its arguments, <c>--help</c> included, by itself. Returns the exit code.</summary>
    public Func<IReadOnlyList<string>, int>? RunAlone { get; init; }
}

/// <summary>Runs one service as a process: options, logs, bus, HTTP, health.</summary>
public static class ServiceHost
{
    /// <summary>Exit code 0 after a clean stop, 1 when a part of the service failed, 2 with one line on standard error when the start was refused.</summary>
    public static async Task<int> RunAsync<TOptions>(string[] args, Service<TOptions> service) where TOptions : class, new()
    {
        if (args is [var first, .. var rest] && service.Commands.GetValueOrDefault(first)?.RunAlone is { } run)
            return run(rest);
        if (args.Any(arg => arg is "--help" or "-h"))
        {
            Console.Write(Help(service));
            return 0;
        }
        try
        {
            var command = args.FirstOrDefault(arg => !arg.StartsWith('-'));
            if (command is not null && command == args[0])
                return await RunCommandAsync(args[1..], command, service);
            await using var app = Build(args, service);
            return await RunAsync(app);
        }
        catch (StartRefusedException e)
        {
            await Console.Error.WriteLineAsync($"{service.Name}: {e.Message}");
            return 2;
        }
    }

    /// <summary>Exit code 1 where a loop of the service died, which stops the host: whoever watches over the process has to start it again.</summary>
    private static async Task<int> RunAsync(WebApplication app)
    {
        var loops = app.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();
        var hasDied = false;
        using var stopping = app.Lifetime.ApplicationStopping.Register(() =>
            hasDied = loops.Exists(loop => loop.ExecuteTask is { IsCompleted: true, IsCompletedSuccessfully: false }));
        try
        {
            await app.StartAsync();
            await app.WaitForShutdownAsync();
        }
        // Stopped before the start was complete.
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
        }
        // The broker let us in, but not do what the bus wants: no right to a queue, or a queue of that name that is declared otherwise.
        catch (RabbitMqConnectionException e)
        {
            throw new StartRefusedException($"RabbitMQ (Bus:Uri) does not let the bus start: {e.Message} {ServerAtStart.ReasonOf(e)}");
        }
        return hasDied ? 1 : 0;
    }

    /// <summary>The service's web application, not started; tests start it with replaced settings.</summary>
    public static WebApplication Build<TOptions>(string[] args, Service<TOptions> service, Action<WebApplicationBuilder>? change = null)
        where TOptions : class, new()
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Logging.AddAssayLogs();
        change?.Invoke(builder);
        var options = OptionsReader.Read<TOptions>(builder.Configuration);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddAssayHttp();
        service.Add(builder.Services, options);
        builder.Services.AddAssayBus(service.Bus(options), service.Consumers);
        var app = builder.Build();
        app.UseAssayProblems();
        app.MapHealth();
        service.Map(app);
        return app;
    }

    private static async Task<int> RunCommandAsync<TOptions>(string[] args, string name, Service<TOptions> service) where TOptions : class, new()
    {
        if (service.Commands.GetValueOrDefault(name)?.RunAsync is not { } command)
            throw new StartRefusedException($"unknown command '{name}'; see --help");
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(args).Build();
        using var logs = LoggerFactory.Create(logging => logging.AddAssayLogs());
        try
        {
            return await command(OptionsReader.Read<TOptions>(configuration), configuration, logs);
        }
        catch (NpgsqlException e)
        {
            throw new StartRefusedException($"{name}: PostgreSQL (Database:ConnectionString): {ServerAtStart.ReasonOf(e)}");
        }
        catch (RpcTransportException e)
        {
            throw new StartRefusedException($"{name}: the node (Chain:RpcUrl): {e.Message}");
        }
    }

    private static string Help<TOptions>(Service<TOptions> service) where TOptions : class, new()
    {
        var commands = string.Concat(service.Commands.Select(command => $"  {command.Key + " " + command.Value.Arguments,-34} {command.Value.Description}\n"));
        return $"""
            assay {service.Name}{(service.Commands.Count > 0 ? $" [{string.Join(" | ", service.Commands.Keys)}]" : "")} [--Section:Name=value …]
            Each setting may also come from the environment as Section__Name.
            Exit codes: 0 stopped in order, 1 a part of the service failed, 2 the start was refused, with the reason in one line.

            {(commands == "" ? "" : $"Commands, instead of serving:\n{commands}\n")}Settings:
              --{"Urls",-32} HTTP addresses to listen on, http://host:port (default http://localhost:5000)
            {OptionsReader.Help<TOptions>()}
            """;
    }
}
