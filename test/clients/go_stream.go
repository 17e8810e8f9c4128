// Go's net/http: the form is written into a pipe while it is sent, in chunks and without a length.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
)

type file struct {
	ID        string `json:"id"`
	Filename  string `json:"filename"`
	Size      int64  `json:"size"`
	URL       string `json:"url"`
	CreatedAt string `json:"created_at"`
	SHA256    string `json:"sha256"`
}

var api, key = os.Getenv("CDN_URL") + "/api/v4", os.Getenv("CDN_KEY")

func ask(method, url, contentType string, body io.Reader) (int, []byte) {
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	return answer.StatusCode, text
}

func upload(path string) (stored file) {
	source, err := os.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer source.Close()
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	go func() {
		part, err := form.CreateFormFile("file", filepath.Base(path))
		if err == nil {
			_, err = io.Copy(part, source)
		}
		if err == nil {
			err = form.Close()
		}
		writer.CloseWithError(err)
	}()
	status, answer := ask("POST", api+"/upload", form.FormDataContentType(), reader)
	if status != 201 || json.Unmarshal(answer, &stored) != nil || stored.Filename != filepath.Base(path) {
		log.Fatalf("upload: %d %s", status, answer)
	}
	return stored
}

func listed(id string) bool {
	var list struct{ Uploads []file }
	status, answer := ask("GET", api+"/uploads", "", nil)
	if status != 200 || json.Unmarshal(answer, &list) != nil {
		log.Fatalf("list: %d %s", status, answer)
	}
	for _, upload := range list.Uploads {
		if upload.ID == id {
			return true
		}
	}
	return false
}

func main() {
	want, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	stored := upload(os.Args[1])
	if status, got := ask("GET", stored.URL, "", nil); status != 200 || !bytes.Equal(got, want) {
		log.Fatalf("read back: %d, %d bytes", status, len(got))
	}
	if !listed(stored.ID) {
		log.Fatal("not in the list")
	}
	if status, answer := ask("DELETE", api+"/upload/"+stored.ID, "", nil); status != 200 {
		log.Fatalf("delete: %d %s", status, answer)
	}
	if status, _ := ask("GET", stored.URL, "", nil); status != 404 {
		log.Fatalf("still there: %d", status)
	}
	fmt.Println("OK")
}
