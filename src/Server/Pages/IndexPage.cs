using BiT.Core.Store;

namespace BiT.Serving.Pages;

/// <summary>The first page: what there is.</summary>
internal sealed class IndexPage(Workspace workspace)
{
    private const int MaxRows = 200;

    public byte[] Render()
    {
        var page = new HtmlPage("BiT");
        AddModels(page, workspace.Models.List(MaxRows, null));
        AddDatasets(page, workspace.Datasets.List(MaxRows, null));
        return page.ToUtf8();
    }

    private static void AddModels(HtmlPage page, Page<ModelRecord> models)
    {
        page.Add($"<h2>Models</h2>");
        if (models.Items.Count == 0)
            page.Add($"<p class=\"muted\">None yet.</p>");
        page.Add($"<table>");
        foreach (var model in models.Items)
        {
            var aliases = string.Join(", ", model.Aliases.Select(alias => $"{alias.Key}: version {alias.Value}"));
            page.Add($"<tr><td><a href=\"/models/{model.Id}\">{model.Id}</a></td><td class=\"muted\">{aliases}</td></tr>");
        }
        page.Add($"</table>");
        AddMore(page, models.NextPageToken, "bit models");
    }

    private static void AddDatasets(HtmlPage page, Page<DatasetSummary> datasets)
    {
        page.Add($"<h2>Data sets</h2>");
        if (datasets.Items.Count == 0)
            page.Add($"<p class=\"muted\">None yet.</p>");
        page.Add($"<table>");
        foreach (var dataset in datasets.Items)
        {
            page.Add($"""
                <tr><td><a href="/datasets/{dataset.Id}">{(dataset.DisplayName.Length > 0 ? dataset.DisplayName : dataset.Id[..12])}</a></td>
                <td class="number">{dataset.Classes.Count:N0} classes</td><td class="number">{dataset.TrainPhotoCount + dataset.ValidationPhotoCount:N0} photos</td>
                <td class="number">{dataset.ProblemCount:N0} problems</td><td class="muted">{dataset.CreateTime:yyyy-MM-dd HH:mm} UTC</td></tr>
                """);
        }
        page.Add($"</table>");
        AddMore(page, datasets.NextPageToken, "bit datasets");
    }

    private static void AddMore(HtmlPage page, string? nextPageToken, string command)
    {
        if (nextPageToken is not null)
            page.Add($"<p class=\"muted\">These are the first {MaxRows}; <code>{command}</code> lists all.</p>");
    }
}
