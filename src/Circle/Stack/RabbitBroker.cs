using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Assay.Circle.Stack;

/// <summary>
/// A RabbitMQ broker of our own in a run folder, bound to 127.0.0.1, without the machine's port mapper (epmd): it knows its own
/// distribution port, so nothing outlives it. Each service has an account that reaches its own queues and the message exchanges only.
/// </summary>
public sealed class RabbitBroker : IAsyncDisposable
{
    public const string Admin = "admin", DefaultVhost = "assay";

    private static readonly TimeSpan startTimeout = TimeSpan.FromSeconds(120);

    private readonly ManagedProcess process;
    private readonly IReadOnlyDictionary<string, string> passwords;
    private readonly HttpClient management;

    private RabbitBroker(ManagedProcess process, int port, int managementPort, IReadOnlyDictionary<string, string> passwords)
    {
        this.process = process;
        this.passwords = passwords;
        Port = port;
        ManagementAddress = new Uri($"http://127.0.0.1:{managementPort}/");
        management = ManagementClient(ManagementAddress, passwords[Admin]);
    }

    public int Port { get; }

    /// <summary>RabbitMQ's own HTTP interface, for the account <see cref="Admin"/>.</summary>
    public Uri ManagementAddress { get; }

    public int ProcessId => process.Id;

    /// <summary>Whether this machine or <c>scripts/setup</c> has a broker to start.</summary>
    public static bool IsAvailable(Checkout checkout) => Installation.Find(checkout) is not null;

    /// <param name="user">A name of <see cref="Services.All"/>, or <see cref="Admin"/>, who may do everything.</param>
    /// <returns><c>amqp://user:password@127.0.0.1:port/vhost</c></returns>
    public Uri Address(string user, string vhost = DefaultVhost) => new($"amqp://{user}:{passwords[user]}@127.0.0.1:{Port}/{vhost}");

    public static async Task<RabbitBroker> StartAsync(Checkout checkout, RunFolder folder, bool keep = false, CancellationToken cancellation = default)
    {
        var installation = Installation.Find(checkout) ?? throw new FileNotFoundException("RabbitMQ is not installed: run scripts/setup.");
        var passwords = Services.All.Append(Admin).ToDictionary(user => user, _ => Secret.Password());
        return await Retry.OnTakenPort(async port =>
        {
            int managementPort = FreePort.Next(), distributionPort = FreePort.Next();
            var spec = Spec(installation, folder, passwords, port, managementPort, distributionPort, keep);
            using var management = ManagementClient(new Uri($"http://127.0.0.1:{managementPort}/"), passwords[Admin]);
            var process = await ManagedProcess.StartReadyAsync(
                spec, folder, token => AnswersAsync(management, token), startTimeout, "RabbitMQ to answer", cancellation);
            return new RabbitBroker(process, port, managementPort, passwords);
        });
    }

    /// <summary>A virtual host in which the services have the same rights as in the default one.</summary>
    public async Task CreateVhostAsync(string name, CancellationToken cancellation = default)
    {
        using (var created = await management.PutAsync($"api/vhosts/{Uri.EscapeDataString(name)}", null, cancellation))
            created.EnsureSuccessStatusCode();
        foreach (var permission in Permissions(name))
        {
            var path = $"api/permissions/{Uri.EscapeDataString(name)}/{permission.user}";
            using var granted = await management.PutAsJsonAsync(path, permission, cancellation);
            granted.EnsureSuccessStatusCode();
        }
    }

    public async Task DeleteVhostAsync(string name, CancellationToken cancellation = default)
    {
        using var deleted = await management.DeleteAsync($"api/vhosts/{Uri.EscapeDataString(name)}", cancellation);
        deleted.EnsureSuccessStatusCode();
    }

    /// <summary>The queues of a virtual host with the messages they hold; the counts are up to 5 s old.</summary>
    public async Task<IReadOnlyDictionary<string, int>> QueuesAsync(string vhost = DefaultVhost, CancellationToken cancellation = default)
    {
        var queues = await management.GetFromJsonAsync<JsonElement>($"api/queues/{Uri.EscapeDataString(vhost)}", cancellation);
        return queues.EnumerateArray().ToDictionary(
            queue => queue.GetProperty("name").GetString()!,
            queue => queue.TryGetProperty("messages", out var messages) ? messages.GetInt32() : 0);
    }

    /// <summary>Ends the broker in order.</summary>
    public async Task StopAsync() => await process.StopAsync(TimeSpan.FromSeconds(30));

    /// <summary>SIGKILL, as a crash of the machine would.</summary>
    public void Kill() => process.Kill();

    /// <summary>Starts it again over the same data and ports.</summary>
    public async Task RestartAsync(CancellationToken cancellation = default)
    {
        process.Restart();
        await process.ReadyAsync(token => AnswersAsync(management, token), startTimeout, "RabbitMQ to answer again", cancellation);
    }

    public ProcessUsage? Usage() => process.Usage();

    public ValueTask DisposeAsync()
    {
        management.Dispose();
        // Its data goes with the run folder, and an orderly end takes it six seconds.
        process.Kill();
        return process.DisposeAsync();
    }

    private static HttpClient ManagementClient(Uri address, string password)
    {
        var client = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(30) };
        var credentials = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Admin}:{password}"));
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", credentials);
        return client;
    }

    /// <summary>The listener for clients opens last, and only then is the broker complete.</summary>
    private static async Task<bool> AnswersAsync(HttpClient management, CancellationToken cancellation)
    {
        try
        {
            using var answer = await management.GetAsync("api/health/checks/protocol-listener/amqp", cancellation);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static ProcessSpec Spec(Installation installation, RunFolder folder, IReadOnlyDictionary<string, string> passwords,
        int port, int managementPort, int distributionPort, bool keep)
    {
        var home = folder.Folder("rabbitmq");
        var definitions = folder.WriteSecret("rabbitmq/definitions.json", Definitions(passwords));
        File.WriteAllText(Path.Combine(home, "enabled_plugins"), "[rabbitmq_management].\n");
        File.WriteAllText(Path.Combine(home, "rabbitmq.conf"), $"""
            listeners.tcp.1 = 127.0.0.1:{port}
            management.tcp.ip = 127.0.0.1
            management.tcp.port = {managementPort}
            load_definitions = {definitions}
            log.console = true
            log.console.level = warning
            log.file = false
            vm_memory_high_watermark.relative = 0.3
            disk_free_limit.absolute = 200MB

            """);
        return new ProcessSpec("rabbitmq", installation.Server)
        {
            DeathSignal = keep ? null : "KILL",
            Environment = new Dictionary<string, string>
            {
                ["PATH"] = $"{installation.ErlangBin}:{Environment.GetEnvironmentVariable("PATH")}",
                ["HOME"] = home,
                ["LC_ALL"] = "C.UTF-8",
                ["RABBITMQ_NODENAME"] = "assay@localhost",
                ["RABBITMQ_DIST_PORT"] = Text(distributionPort),
                ["RABBITMQ_MNESIA_BASE"] = folder.Folder("rabbitmq/mnesia"),
                ["RABBITMQ_LOG_BASE"] = folder.Folder("rabbitmq/log"),
                ["RABBITMQ_CONFIG_FILE"] = Path.Combine(home, "rabbitmq.conf"),
                ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(home, "enabled_plugins"),
                // The machine's own settings are not meant for this broker.
                ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
                // With the name given here the node is up before RabbitMQ would look for epmd, which would outlive it.
                ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-sname assay@localhost -start_epmd false "
                    + $"-erl_epmd_port {Text(distributionPort)} -kernel inet_dist_use_interface {{127,0,0,1}}",
                // The start script then replaces itself by the broker instead of standing between it and our signals.
                ["RUNNING_UNDER_SYSTEMD"] = "true",
            },
        };
    }

    private static string Definitions(IReadOnlyDictionary<string, string> passwords) => JsonSerializer.Serialize(new
    {
        users = passwords.Select(user => new
        {
            name = user.Key,
            password_hash = PasswordHash(user.Value),
            hashing_algorithm = "rabbit_password_hashing_sha256",
            tags = user.Key == Admin ? "administrator" : "",
        }),
        vhosts = new[] { new { name = DefaultVhost } },
        permissions = Permissions(DefaultVhost),
    });

    /// <summary>RabbitMQ's salted form: base64 of salt (4 bytes) and SHA-256 of salt and password.</summary>
    private static string PasswordHash(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(4);
        return Convert.ToBase64String([.. salt, .. SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(password)])]);
    }

    /// <summary>
    /// A service owns the queues and exchanges <c>SERVICE</c> and <c>SERVICE-*</c>, and shares the exchanges of the message types
    /// (which whoever comes first declares) and the temporary queue of its bus.
    /// </summary>
    private static IEnumerable<Permission> Permissions(string vhost)
    {
        foreach (var service in Services.All)
        {
            var own = $@"^({service}([-_].*)?|(Assay|MassTransit)[.:].*|.*_bus_.*)$";
            yield return new Permission(service, vhost, own, own, own);
        }
        yield return new Permission(Admin, vhost, ".*", ".*", ".*");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>In the words of RabbitMQ's definitions: three patterns of resource names.</summary>
    private sealed record Permission(string user, string vhost, string configure, string write, string read);

    private sealed record Installation(string Server, string ErlangBin)
    {
        public static Installation? Find(Checkout checkout) =>
            new[] { "/", checkout.Debian }
                .Select(root => new Installation(Path.Combine(root, "usr/lib/rabbitmq/bin/rabbitmq-server"), Path.Combine(root, "usr/lib/erlang/bin")))
                .FirstOrDefault(installation => File.Exists(installation.Server) && File.Exists(Path.Combine(installation.ErlangBin, "erl")));
    }
}
