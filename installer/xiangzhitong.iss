; The Windows installer (Inno Setup 6). On a Windows machine, in the checkout:
;   python installer\setup.py
;   .venv\Scripts\pyinstaller --noconfirm --distpath dist --workpath build\pyinstaller installer\xiangzhitong.spec
;   iscc /DVersion=0.1.0 installer\xiangzhitong.iss
; Data of the device lies in the user's own profile and stays when the program is removed.

#ifndef Version
  #define Version "0.0.0"
#endif

[Setup]
AppId={{6B0E3C1D-52C7-4C0B-9C67-6C1B1E1E7A52}
AppName=乡治通
AppVersion={#Version}
DefaultDirName={autopf}\Xiangzhitong
DefaultGroupName=乡治通
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
LicenseFile=..\LICENSE
OutputDir=..\dist
OutputBaseFilename=xiangzhitong-{#Version}-setup
Compression=lzma2
SolidCompression=yes
CloseApplications=yes

[Languages]
#if FileExists(CompilerPath + "Languages\ChineseSimplified.isl")
Name: "zh"; MessagesFile: "compiler:Languages\ChineseSimplified.isl"
#else
Name: "en"; MessagesFile: "compiler:Default.isl"
#endif

[InstallDelete]
; Files of an older version that the new one no longer has would be found first.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "..\dist\xiangzhitong\*"; DestDir: "{app}"; Flags: recursesubdirs createallsubdirs ignoreversion

[Icons]
Name: "{group}\乡治通"; Filename: "{app}\xiangzhitong.exe"
Name: "{autodesktop}\乡治通"; Filename: "{app}\xiangzhitong.exe"

[Run]
Filename: "{app}\xiangzhitong.exe"; Description: "打开乡治通"; Flags: nowait postinstall skipifsilent
