# What a real server has to look like after site.yml and deploy.yml. Not yet run (.github/workflows/windows.yml).
#   Invoke-Pester tests/pester -Output Detailed        (Pester 5, as administrator, on the server)
BeforeAll {
    Import-Module WebAdministration
    $App = 'etikettendruck'
    $Root = "C:\inetpub\$App"
    $Journal = Get-Content "$Root\journal.json" -Raw | ConvertFrom-Json
}

Describe 'The application' {
    It 'is well, as the version that the journal names' {
        $answer = Invoke-RestMethod 'http://127.0.0.1:8099/api/health' -TimeoutSec 10
        $answer.status | Should -Be 'healthy'
        $answer.version | Should -Be $Journal.current
    }

    It 'is shown to users by the release that the journal names' {
        (Get-Item "IIS:\Sites\$App").physicalPath | Should -Be "$Root\releases\$($Journal.current)"
        (Get-Item "IIS:\AppPools\$App").State | Should -Be 'Started'
    }

    It 'has nothing under way' {
        $Journal.run | Should -BeNullOrEmpty
    }

    It 'names neither IIS nor its framework, and cannot be framed' {
        $headers = (Invoke-WebRequest 'http://127.0.0.1:8099/' -UseBasicParsing).Headers
        $headers.Keys | Should -Not -Contain 'Server'
        $headers.Keys | Should -Not -Contain 'X-Powered-By'
        $headers['X-Frame-Options'] | Should -Be 'DENY'
        $headers['X-Content-Type-Options'] | Should -Be 'nosniff'
    }

    It 'refuses more than ten megabytes' {
        $body = [byte[]]::new(10485761)
        { Invoke-WebRequest 'http://127.0.0.1:8099/' -Method Post -Body $body -UseBasicParsing } | Should -Throw
    }

    It 'hands a browser the compressed file, as what the plain one is' {
        $client = "$Root\releases\$($Journal.current)\build\client"
        $file = Get-ChildItem "$client\_app\immutable" -Recurse -Filter '*.js' | Select-Object -First 1
        $address = 'http://127.0.0.1:8099' + $file.FullName.Substring($client.Length).Replace('\', '/')
        foreach ($coding in 'br', 'gzip') {
            $request = [Net.HttpWebRequest]::Create($address)
            $request.Headers['Accept-Encoding'] = $coding
            $answer = $request.GetResponse()
            $answer.Headers['Content-Encoding'] | Should -Be $coding
            $answer.ContentType | Should -Be 'text/javascript'
            $answer.ContentLength | Should -Be (Get-Item "$($file.FullName).$(@{ br = 'br'; gzip = 'gz' }[$coding])").Length
            $answer.Close()
        }
        $plain = Invoke-WebRequest $address -UseBasicParsing -Headers @{ 'Accept-Encoding' = 'identity' }
        $plain.Headers['Content-Encoding'] | Should -BeNullOrEmpty
        $plain.Headers['Vary'] | Should -Be 'Accept-Encoding'
        $plain.RawContentLength | Should -Be $file.Length
    }

    It 'hands out nothing of its release but what the browser needs' {
        foreach ($path in 'package.json', 'web.config', 'prisma/schema.prisma') {
            { Invoke-WebRequest "http://127.0.0.1:8099/$path" -UseBasicParsing } | Should -Throw
        }
    }
}

Describe 'Rights' {
    It 'let the application write logs and uploads only' {
        $identity = "IIS AppPool\$App"
        foreach ($folder in 'logs', 'uploads') {
            $rule = (Get-Acl "$Root\shared\$folder").Access | Where-Object { $_.IdentityReference -eq $identity }
            "$($rule.FileSystemRights)" | Should -Match 'Modify'
        }
        $release = (Get-Acl "$Root\releases").Access | Where-Object { $_.IdentityReference -eq $identity }
        "$($release.FileSystemRights)" | Should -Not -Match 'Modify|FullControl|Write'
    }

    It 'inherit nothing from above' {
        (Get-Acl $Root).AreAccessRulesProtected | Should -BeTrue
    }

    It 'keep the settings of the maintenance program from users' {
        $accounts = (Get-Acl 'C:\upkeep\maintenance').Access.IdentityReference.Value
        $accounts | Should -Not -Contain 'BUILTIN\Users'
    }
}

Describe 'Scheduled tasks' {
    It 'are there, run as SYSTEM and end well: <_>' -ForEach 'abgebrochene Läufe', 'Gesundheit', 'täglich' {
        $task = Get-ScheduledTask -TaskPath '\Upkeep\' -TaskName "etikettendruck $_"
        $task.Principal.UserId | Should -Be 'SYSTEM'
        Start-ScheduledTask -InputObject $task
        $deadline = (Get-Date).AddMinutes(3)
        while ((Get-ScheduledTask -TaskPath '\Upkeep\' -TaskName $task.TaskName).State -eq 'Running') {
            (Get-Date) | Should -BeLessThan $deadline
            Start-Sleep -Seconds 1
        }
        (Get-ScheduledTaskInfo -TaskPath '\Upkeep\' -TaskName $task.TaskName).LastTaskResult | Should -Be 0
    }
}

Describe 'The firewall' {
    It 'lets the application reach printers only' {
        $rule = Get-NetFirewallRule -DisplayName 'Upkeep Drucker'
        "$($rule.Direction)" | Should -Be 'Outbound'
        ($rule | Get-NetFirewallPortFilter).RemotePort | Should -Be '9100'
    }
}
