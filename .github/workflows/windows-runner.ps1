# Fetches the installers and writes an inventory for windows.yml. Not yet run.
$ErrorActionPreference = 'Stop'
$folder = New-Item 'build\windows-runner\installer' -ItemType Directory -Force
$wanted = [ordered]@{
    rewrite  = @($env:REWRITE, 'C:\Windows\System32\inetsrv\rewrite.dll')
    platform = @($env:PLATFORM, 'C:\Windows\System32\inetsrv\httpPlatformHandler.dll')
    node     = @($env:NODE, 'C:\Program Files\nodejs\node.exe')
}
$installers = [ordered]@{}
foreach ($name in $wanted.Keys) {
    $file = Join-Path $folder.FullName "$name.msi"
    Invoke-WebRequest $wanted[$name][0] -OutFile $file -UseBasicParsing
    $digest = (Get-FileHash $file -Algorithm SHA256).Hash.ToLower()
    $installers[$name] = @{ name = $name; file = "$name.msi"; sha256 = $digest; creates_path = $wanted[$name][1] }
}
$secret = { -join (1..64 | ForEach-Object { '{0:x}' -f (Get-Random -Maximum 16) }) }
$database = "postgresql://$($env:PGUSER):$($env:PGPASSWORD)@127.0.0.1:5432/etikettendruck"
$variables = [ordered]@{
    ansible_connection           = 'psrp'
    ansible_host                 = 'localhost'
    ansible_port                 = 5986
    ansible_user                 = 'upkeep'
    ansible_password             = $env:UPKEEP_CONNECTION
    ansible_psrp_auth            = 'negotiate'
    ansible_psrp_ca_cert         = 'ca.pem'
    win_base__minimum            = @{ cores = 2; memory_gb = 4; disk_gb = 50; free_gb = 5 }
    win_base__installer_folder   = 'build/windows-runner/installer'
    win_base__printer_networks   = @('192.0.2.128/26')
    win_iis__extensions          = @($installers.rewrite, $installers.platform)
    win_node_app__name           = 'etikettendruck'
    win_node_app__host_name      = 'localhost'
    win_node_app__node           = $installers.node
    win_node_app__backup_folder  = '/var/backups/etikettendruck'
    win_node_app__key_folder     = '/var/backups/etikettendruck-key'
    win_node_app__secrets        = @{ DATABASE_URL = $database; SESSION_SECRET = (& $secret); ENCRYPTION_KEY = (& $secret) }
    win_node_app__database       = @{
        host = '127.0.0.1'; user = $env:PGUSER; password = $env:PGPASSWORD
        database = 'etikettendruck'; folder = '/var/backups/postgres'
    }
    win_maintenance__app         = 'etikettendruck'
}
$inventory = @{ windows_hosts = @{ hosts = @{ runner = @{} }; vars = $variables } } | ConvertTo-Json -Depth 8
[IO.File]::WriteAllText("$PWD\build\windows-runner\inventory.json", $inventory)
