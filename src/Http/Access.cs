using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using OrderMonolith.Orders;

namespace OrderMonolith.Http;

/// <summary>Who may call: bearers of tokens where <c>Authentication:Schemes</c> is set, else anybody on this machine.</summary>
public static partial class Access
{
    /// <summary>Longest subject of a token, in code points: it is stored with every event.</summary>
    const int LongestSubject = 255;

    /// <summary>What the framework reads of a scheme.</summary>
    static readonly string[] BearerSettings =
    [
        "Authority", "Audience", "MetadataAddress", "RequireHttpsMetadata", "ValidIssuer", "ValidIssuers", "ValidAudience", "ValidAudiences", "SigningKeys",
        "BackchannelTimeout", "RefreshInterval", "RefreshOnIssuerKeyNotFound", "IncludeErrorDetails",
    ];

    /// <summary>Refuses to be open to others by accident.</summary>
    /// <exception cref="SetupException">Nothing says who may call, although others could.</exception>
    public static void Check(IConfiguration configuration)
    {
        var settings = configuration.Read<AuthenticationSettings>();
        foreach (var scheme in settings.Schemes?.GetChildren() ?? []) OnlyBearer(scheme);
        if (settings is { WantsTokens: true, Anonymous: true })
            throw new SetupException("Authentication:Anonymous and Authentication:Schemes exclude each other. Remove one of them.");
        if (settings is { WantsTokens: false, Anonymous: false }) Listening.OnLoopbackOnly(configuration);
    }

    /// <summary>The framework passes over what it does not know, and a misspelt name would then leave nobody's token valid.</summary>
    static void OnlyBearer(IConfigurationSection scheme)
    {
        if (!scheme.Key.Equals(JwtBearerDefaults.AuthenticationScheme, StringComparison.OrdinalIgnoreCase) || scheme.Value is { Length: > 0 })
            throw new SetupException($"{scheme.Path} is not a setting. There is: Bearer, with settings below it.");
        if (scheme.GetChildren().FirstOrDefault(key => !BearerSettings.Contains(key.Key, StringComparer.OrdinalIgnoreCase)) is { } unknown)
            throw new SetupException($"{unknown.Path} is not a setting. There are: {string.Join(", ", BearerSettings)}.");
    }

    /// <summary>Refuses values that would only show with the first token.</summary>
    /// <exception cref="SetupException">A value cannot be used.</exception>
    public static void CheckAccess(this WebApplication app)
    {
        try
        {
            // The framework reads the keys only when they are asked for.
            app.Services.GetService<IOptionsMonitor<JwtBearerOptions>>()?.Get(JwtBearerDefaults.AuthenticationScheme).TokenValidationParameters.IssuerSigningKeys?.Count();
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException or ArgumentException)
        {
            throw new SetupException($"Authentication:Schemes:Bearer cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Sets up authentication and the policies named in <see cref="Scopes"/>.</summary>
    public static void AddAccess(this WebApplicationBuilder builder)
    {
        var tokens = builder.Configuration.Read<AuthenticationSettings>().WantsTokens;
        if (tokens)
            builder.Services.AddAuthentication().AddJwtBearer(Bearer);
        else
            builder.Services.AddHostedService<OpenDoor>();

        builder.Services.AddAuthorization(options =>
        {
            options.DefaultPolicy = Policy(_ => true);
            foreach (var scope in Scopes.All.Keys) options.AddPolicy(scope, Policy(caller => caller.Allow(scope) && (scope is not Scopes.Operations || SeesAll(caller))));
        });

        AuthorizationPolicy Policy(Func<ClaimsPrincipal, bool> allows) => tokens
            ? new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireAssertion(context => allows(context.User)).Build()
            : new AuthorizationPolicyBuilder().RequireAssertion(_ => true).Build();
    }

    /// <summary>What operators see is of all customers, so nobody who stands for one is an operator.</summary>
    static bool SeesAll(ClaimsPrincipal caller) => !caller.HasClaim(claim => claim.Type is Caller.CustomerClaim);

    /// <summary>Finds out who calls, and whether they may do what they ask for.</summary>
    public static void UseAccess(this WebApplication app)
    {
        if (app.Services.GetService<IAuthenticationSchemeProvider>() is not null) app.UseAuthentication();
        app.UseAuthorization();
    }

    static void Bearer(JwtBearerOptions options)
    {
        options.MapInboundClaims = false;
        options.Events = new()
        {
            OnTokenValidated = context =>
            {
                if (Fault(context.Principal!, (JsonWebToken)context.SecurityToken) is { } fault) context.Fail(fault);
                return Task.CompletedTask;
            },
            OnForbidden = context =>
            {
                if (context.HttpContext.GetEndpoint()?.Metadata.GetOrderedMetadata<IAuthorizeData>().Select(asked => asked.Policy).FirstOrDefault(policy => policy is not null) is { } scope && !context.HttpContext.User.Allow(scope))
                    context.Response.Headers.WWWAuthenticate = $"Bearer error=\"insufficient_scope\", scope=\"{scope}\"";
                return Task.CompletedTask;
            },
        };
    }

    /// <summary>Why a token is not taken although its signature, times and audience are right; null where it is. A claim that says nothing must not widen what its bearer may do.</summary>
    static string? Fault(ClaimsPrincipal caller, JsonWebToken token)
    {
        if (caller.FindFirstValue("sub") is not { Length: > 0 } subject || !Bounds.IsStorable(subject) || Bounds.CodePoints(subject) > LongestSubject)
            return "The token needs a subject (sub) of at most 255 characters.";
        if (Caller.Reserved.Contains(subject)) return $"The subject '{subject}' is reserved.";

        var customers = caller.FindAll(Caller.CustomerClaim).ToList();
        return customers switch
        {
            // An empty array leaves no claim behind.
            [] when !token.TryGetPayloadValue<object>(Caller.CustomerClaim, out _) => null,
            [{ Value: Caller.Guest }] => "The customer 'guest' is reserved.",
            [{ ValueType: ClaimValueTypes.String, Value: var id }] when new CustomerIdAttribute().IsValid(id) => null,
            _ => "The claim customer_id is not the id of a customer.",
        };
    }

    sealed partial class OpenDoor(ILogger<OpenDoor> log, IConfiguration configuration) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            if (configuration.Read<AuthenticationSettings>().Anonymous)
                LogAnonymous();
            else
                LogLoopback();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        [LoggerMessage(LogLevel.Warning, "Authentication is off (Authentication:Anonymous=true): whoever can reach this service may read and change every order.")]
        partial void LogAnonymous();

        [LoggerMessage(LogLevel.Warning, "Authentication is not set up, so this service listens on this machine only, and everybody on it may read and change every order.")]
        partial void LogLoopback();
    }
}
