using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OrderMonolith.Benchmarks;

/// <summary>One HTTP/1.1 connection that is kept: as little work as will do, because the clients share the machine with what they measure.</summary>
public sealed class Connection : IDisposable
{
    readonly Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 30_000 };
    readonly byte[] buffer = new byte[1 << 22];

    /// <summary>Opens it.</summary>
    public Connection(IPEndPoint server) => socket.Connect(server);

    /// <summary>Asks and waits for the whole answer.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The target.</param>
    /// <param name="body">JSON, or nothing.</param>
    /// <param name="headers">More headers, each with its line end.</param>
    /// <returns>The answer's body.</returns>
    /// <exception cref="InvalidOperationException">The answer is no success.</exception>
    public string Ask(string method, string path, string body = "", string headers = "")
    {
        socket.Send(Encoding.UTF8.GetBytes(
            $"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{(body.Length > 0 ? "Content-Type: application/json\r\n" : "")}Content-Length: {body.Length}\r\n\r\n{body}"));

        var (got, head) = (0, -1);
        while (head < 0 || !IsWhole(head, got))
        {
            var more = socket.Receive(buffer.AsSpan(got));
            if (more == 0) throw new InvalidOperationException("The service hung up.");
            got += more;
            if (head < 0) head = buffer.AsSpan(0, got).IndexOf("\r\n\r\n"u8);
        }

        return buffer.AsSpan().StartsWith("HTTP/1.1 2"u8)
            ? Encoding.UTF8.GetString(buffer, head + 4, got - head - 4)
            : throw new InvalidOperationException($"{method} {path} was answered with {Encoding.UTF8.GetString(buffer, 0, got)}");
    }

    /// <inheritdoc />
    public void Dispose() => socket.Dispose();

    bool IsWhole(int head, int got)
    {
        var length = buffer.AsSpan(0, head).IndexOf("Content-Length: "u8);
        if (length < 0) return buffer.AsSpan(0, got).EndsWith("0\r\n\r\n"u8) || buffer.AsSpan().StartsWith("HTTP/1.1 204"u8);
        var digits = buffer.AsSpan(length + 16);
        return got >= head + 4 + int.Parse(digits[..digits.IndexOf((byte)'\r')], CultureInfo.InvariantCulture);
    }
}
