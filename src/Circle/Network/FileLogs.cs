using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Assay.Circle.Network;

/// <summary>Logs of the embedded services in a file, because standard output belongs to the demo.</summary>
internal sealed class FileLogs(string path) : ILoggerProvider
{
    private readonly StreamWriter writer = new(File.Open(path, FileMode.Append, FileAccess.Write, FileShare.Read)) { AutoFlush = true };

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
        lock (writer) writer.Dispose();
    }

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        var line = JsonSerializer.Serialize(new { time = DateTimeOffset.UtcNow, level = level.ToString(), category, message, exception = exception?.ToString() });
        lock (writer)
            if (writer.BaseStream.CanWrite) writer.WriteLine(line);
    }

    private sealed class Logger(FileLogs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) logs.Write(logLevel, category, formatter(state, exception), exception);
        }
    }
}
