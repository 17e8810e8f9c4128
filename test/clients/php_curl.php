<?php
// PHP's curl extension with CURLFile.

function ask(string $method, string $url, array $headers = [], $body = null): array
{
	$curl = curl_init($url);
	curl_setopt_array($curl, [
		CURLOPT_CUSTOMREQUEST => $method,
		CURLOPT_HTTPHEADER => $headers,
		CURLOPT_RETURNTRANSFER => true,
	]);
	if ($body !== null) {
		curl_setopt($curl, CURLOPT_POSTFIELDS, $body);
	}
	$answer = curl_exec($curl);
	if ($answer === false) {
		check(false, curl_error($curl));
	}
	return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $answer];
}

function check(bool $good, string $what): void
{
	if (!$good) {
		fwrite(STDERR, "$what\n");
		exit(1);
	}
}

setlocale(LC_CTYPE, 'C.UTF-8'); // for basename
$api = getenv('CDN_URL') . '/api/v4';
$key = ['Authorization: Bearer ' . getenv('CDN_KEY')];
$path = $argv[1];
$name = basename($path);

[$status, $answer] = ask('POST', "$api/upload", $key, ['file' => new CURLFile($path, null, $name)]);
check($status === 201, $answer);
$file = json_decode($answer, true);
check($file['filename'] === $name, $answer);

[$status, $bytes] = ask('GET', $file['url']);
check($status === 200 && $bytes === file_get_contents($path), 'other bytes came back');
[, $answer] = ask('GET', "$api/uploads", $key);
check(in_array($file, json_decode($answer, true)['uploads'], true), $answer);
[$status, $answer] = ask('DELETE', "$api/upload/{$file['id']}", $key);
check($status === 200 && json_decode($answer, true)['deleted'] === true, $answer);
[$status] = ask('GET', $file['url']);
check($status === 404, 'the file is still there');
echo "OK\n";
