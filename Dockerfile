FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
# Packages change seldom, sources often.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/OrderMonolith.csproj src/Published.targets src/
RUN dotnet restore src -p:Configuration=Release
COPY appsettings.json ./
COPY src/ src/
RUN dotnet publish src -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app ./
USER app
# Under this name and no other it wins over "urls" in appsettings.json.
ENV URLS=http://0.0.0.0:8080
EXPOSE 8080
# The image has no curl.
HEALTHCHECK --interval=5s --timeout=6s --start-period=30s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r answer <&3 && [[ $answer == *' 200 '* ]]"]
ENTRYPOINT ["./OrderMonolith"]
